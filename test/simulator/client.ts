import { request as httpRequest, type ClientRequest } from 'node:http';
import type { Simulator } from '../../simulator';
import { until } from '../../support/until';

export interface Answer {
  status: number;
  /** Names and values as they came, but for `Date`, which is another one each time. */
  headers: Record<string, string>;
  body: string;
}

export interface Pending {
  answer: Promise<Answer>;
  isAnswered(): boolean;
  abort(): void;
}

/** Sends a request on a connection of its own. The answer rejects when the connection breaks. */
export function send(baseUrl: string, path: string, method = 'GET', body?: string): Pending {
  const { hostname, port } = new URL(baseUrl);
  // Without the header Node.js asks the server to close the connection, which its answer shows then.
  const headers = { Connection: 'keep-alive' };
  const request = httpRequest({ hostname, port, path, method, headers, agent: false });
  let answered = false;
  const answer = answerTo(request).finally(() => (answered = true));
  // Some tests leave a request behind on purpose.
  answer.catch(() => undefined);
  request.end(body);
  return { answer, isAnswered: () => answered, abort: () => request.destroy() };
}

export function get(baseUrl: string, path: string): Promise<Answer> {
  return send(baseUrl, path).answer;
}

/** Sends a request and returns once the simulator has it, so that the next one comes after it. */
export async function sendInOrder(simulator: Simulator, path: string): Promise<Pending> {
  const before = simulator.requestCount;
  const pending = send(simulator.url, path);
  await until(() => simulator.requestCount > before, 'the request');
  return pending;
}

/** A request to the control API; the body is sent as JSON. */
export async function control(
  simulator: Pick<Simulator, 'controlUrl'>,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; json: unknown }> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const { status, body: answer } = await send(simulator.controlUrl, path, method, text).answer;
  return { status, json: answer === '' ? undefined : JSON.parse(answer) };
}

function answerTo(request: ClientRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('error', reject);
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const { rawHeaders: raw, statusCode = 0 } = response;
        const headers = Object.fromEntries(
          raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? '']] : [])),
        ) as Record<string, string>;
        delete headers.Date;
        resolve({ status: statusCode, headers, body: Buffer.concat(chunks).toString('utf8') });
      });
    });
  });
}
