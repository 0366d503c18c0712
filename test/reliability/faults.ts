import { pipeline, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import type { ErrorCode } from '../../lib/pbx';
import type { Exchange, Misbehaviour } from './faulty-server';

/** Something that goes wrong at the server or on the way to it. */
export interface Fault extends Misbehaviour {
  /** The behaviour of the server. */
  name: string;
  /** The result for the caller: the code of an error, or `done`. Two where it depends on what is noticed first. */
  told: readonly (ErrorCode | 'done')[];
  /** Whether the request gets to the server. */
  arrives: boolean;
  /** Whether the connection breaks before any byte of an answer: then a query is sent once more. */
  isUnanswered?: true;
}

const mebibyte = 1024 * 1024;
/** 64 MiB in 64 KiB. */
const bomb = gzipSync(Buffer.alloc(64 * mebibyte));
const page = '<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in. true</body></html>';
const exception =
  'System.NullReferenceException: Object reference not set to an instance of an object.\r\n' +
  '   at TCX.Call.Drop(String caller = "+49 (151) 1234-5678") in C:\\3cx\\Program.cs:line 4711';

export const faults: readonly Fault[] = [
  { name: 'refuses the connection', told: ['unreachable'], arrives: false, refuses: true },
  {
    ...{ name: 'resets the connection before the request', told: ['lost', 'unreachable'], arrives: false },
    onConnection: (socket) => socket.resetAndDestroy(),
  },
  ...(
    [
      ['nobody vouches for', 'unknown'],
      ['has expired', 'expired'],
      ['is for another name', 'otherName'],
    ] as const
  ).map(([why, certificate]): Fault => ({
    ...{ name: `shows a certificate that ${why}`, told: ['unreachable'], arrives: false, certificate },
  })),
  unanswered('resets the connection after the request', ({ socket }) => socket.resetAndDestroy()),
  unanswered('closes the connection after the request', ({ socket }) => socket.end()),
  fault('closes the connection in the middle of the head', 'lost', ({ socket }) =>
    socket.end('HTTP/1.1 200 OK\r\nContent-'),
  ),
  fault('resets the connection in the middle of the answer', 'lost', ({ response, socket, good }) =>
    response.write(good, () => socket.resetAndDestroy()),
  ),
  fault('ends the answer before the announced length', 'lost', ({ socket, good }) =>
    socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${good.length + 1}\r\n\r\n${good}`),
  ),
  fault('never answers', 'timeout', ({ pass }) => pass(8_100)),
  fault('answers with one byte a second', 'timeout', dripFeed),
  fault('sends only the head of an answer', 'timeout', ({ response, pass }) => {
    response.flushHeaders();
    pass(8_100);
  }),
  fault('sends 102 (Processing) and nothing more', 'timeout', ({ response, pass }) => {
    response.writeProcessing();
    pass(8_100);
  }),
  fault('sends 100 MB', 'unexpected-answer', sendMuch),
  fault('sends a gzip bomb', 'unexpected-answer', ({ response }) =>
    response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(bomb),
  ),
  fault('sends an endless head', 'unexpected-answer', ({ socket }) =>
    socket.write(`HTTP/1.1 200 OK\r\n${'X-Header: true\r\n'.repeat(10_000)}`),
  ),
  fault('sends binary data', 'unexpected-answer', ({ response }) =>
    response.end(Buffer.from([0, 1, 2, 127, 128, 254, 255])),
  ),
  fault('answers in another character set', 'unexpected-answer', ({ response, good }) =>
    response.end(Buffer.from(`\uFEFF${good}`, 'utf16le')),
  ),
  fault('sends an empty answer', 'unexpected-answer', ({ response }) => response.end()),
  fault("answers with a proxy's page", 'unexpected-answer', ({ response }) => response.end(page)),
  fault('announces less than it sends', 'unexpected-answer', ({ socket }) =>
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n<html>'),
  ),
  fault('does not speak HTTP', 'unexpected-answer', ({ socket }) => socket.end('220 smtp ready\r\n')),
  fault('changes to another protocol (101)', 'timeout', ({ socket, pass }) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    pass(8_100);
  }),
  ...[301, 302, 303, 307, 308].map((code) =>
    fault(`answers ${code}, to another host`, 'unexpected-answer', ({ request, response, elsewhere }) =>
      response.writeHead(code, { Location: `${elsewhere}${request.url}` }).end('true'),
    ),
  ),
  status(204, 'unexpected-answer', ''),
  status(400, 'unexpected-answer', 'true'),
  status(401, 'unauthorized', 'true', { 'WWW-Authenticate': 'Basic realm="3CX"' }),
  status(403, 'unauthorized', page),
  status(404, 'unsupported', page),
  status(407, 'unexpected-answer', page, { 'Proxy-Authenticate': 'Basic realm="proxy"' }),
  status(429, 'unexpected-answer', 'true', { 'Retry-After': '0' }),
  status(500, 'server-error', exception),
  status(502, 'server-error', page),
  status(503, 'server-error', 'true', { 'Retry-After': '0' }),
  {
    // Whether a request that follows at once is lost depends on what is noticed first.
    ...{ name: 'answers, and closes the connection', told: ['done', 'lost'], arrives: true },
    onRequest: ({ response, socket, good }) => response.end(good, () => socket.end()),
  },
  fault('answers twice', 'done', ({ socket, good }) =>
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${good.length}\r\n\r\n${good}`.repeat(2)),
  ),
];

/** It ends the server, which may happen before it answers, or before its answer is written. */
export function toldByStop({ name, told }: Fault): readonly string[] {
  return told.map((code) => (code === 'lost' || name === 'sends an empty answer' ? 'done' : code));
}

function fault(name: string, told: Fault['told'][number], onRequest: (exchange: Exchange) => unknown): Fault {
  return { name, told: [told], arrives: true, onRequest };
}

function unanswered(name: string, onRequest: (exchange: Exchange) => unknown): Fault {
  return { ...fault(name, 'lost', onRequest), isUnanswered: true };
}

function status(code: number, told: ErrorCode, body: string, headers: Record<string, string> = {}): Fault {
  return fault(`answers ${code}`, told, ({ response }) => response.writeHead(code, headers).end(body));
}

/** Goes on as long as somebody listens. */
function dripFeed({ response, good, pass }: Exchange): void {
  response.write(good);
  const next = (): void => {
    if (response.destroyed) return;
    response.write(' ');
    pass(1_000);
    setImmediate(next);
  };
  next();
}

/** As fast as it is taken. */
function sendMuch({ response }: Exchange): void {
  const chunk = Buffer.alloc(mebibyte, 'true ');
  let count = 0;
  const much = new Readable({
    read() {
      this.push(count++ < 100 ? chunk : null);
    },
  });
  pipeline(much, response, () => undefined);
}
