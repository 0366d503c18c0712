import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { type ClientOptions, HttpApiClient } from '../../lib/http-api/client';
import { type ErrorCode, ThreeCxError } from '../../lib/pbx';
import { type Handler, listen, startServer, type TestServer } from '../../support/http-server';

const ends: (() => unknown)[] = [];

/** Has something ended after the test. */
export function atEnd(end: () => unknown): void {
  ends.push(end);
}

/** For `afterEach`: ends what the test began, the last first. */
export async function endAll(): Promise<void> {
  while (ends.length > 0) await ends.pop()?.();
}

/** Starts a server that ends with the test. */
export async function serve(handler: Handler | string, tls?: { key: string; cert: string }): Promise<TestServer> {
  const server = await startServer(handler, tls);
  atEnd(server.close);
  return server;
}

/** Starts a server of bare TCP connections that ends with the test. */
export async function serveTcp(handler: (socket: Socket) => void): Promise<{ port: number; url: string }> {
  const listening = await listen(createServer(handler));
  atEnd(listening.close);
  return { ...listening, url: `http://127.0.0.1:${listening.port}` };
}

/** The address of a server that is not there. */
export async function closedUrl(): Promise<string> {
  const { url, close } = await startServer('');
  await close();
  return url;
}

/** A client of a server, closed with the test. */
export function connect(server: { url: string }, options: Omit<ClientOptions, 'url'> = {}): HttpApiClient {
  const client = new HttpApiClient({ url: server.url, ...options });
  atEnd(() => {
    client.close();
  });
  return client;
}

/** Waits for a failure of that kind, and gives the error. */
export async function failure(promise: Promise<unknown>, code: ErrorCode): Promise<ThreeCxError> {
  const error: unknown = await promise.then(
    () => assert.fail(`should have failed with ${code}`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ThreeCxError, String(error));
  assert.equal(error.code, code, error.message);
  return error;
}

/** An answer to everything but the checks before a call: the extension has a phone, and no call. */
export function withPhone(handler: Handler | string): Handler {
  return (request, response) => {
    const [, query, extension] = request.url?.split('/') ?? [];
    if (query === 'dnregs') return `71-sip:${extension}@127.0.0.1:5488;ob-Phone 1.2`;
    if (query === 'ondn') return '0';
    return typeof handler === 'string' ? handler : handler(request, response);
  };
}
