import type { OperationName } from '../lib/pbx';
import { startServer, type TestServer } from './http-server';

/** How an operation ends: carried out, refused (or nothing there, for a query), or with HTTP 500. */
export type Ending = 'done' | 'refused' | 'failed';

/** An answer, as text or made from the arguments in the order of the path. */
type Answer = string | ((...args: string[]) => string);

/**
 * The twenty operations as the interface document of 17 February 2022 has them, in its order and with its capitals.
 * Where it names no answer, this is the nearest one. `notready` has a path of its own: the document's is a slip.
 */
const operations = {
  showallcalls: [
    /^\/showallcalls$/,
    '<html><body>ID=98741:CCID=1:S=Connected:DN=10:EP=+4930111:REC=Stop<br>' +
      'ID=98742:CCID=2:S=Ringing:DN=11:EP=10:REC=Stop<br></body></html>',
    '<html><body></body></html>',
  ],
  makecall: [/^\/makecall\/([^/]+)\/([^/]+)\/(Soft|Desktop|Mobile)$/, '00000A5F3C2D1_8', 'null'],
  ready: [/^\/ready\/([^/]+)$/, 'true', 'is not an agent of the queues'],
  notready: [/^\/notready\/([^/]+)$/, 'true', 'is not an agent of the queues'],
  logout: [/^\/logout\/([^/]+)$/, 'true', 'false'],
  login: [/^\/login\/([^/]+)\/(login_all|logout_all)$/, 'true', 'false'],
  dnregs: [/^\/dnregs\/([^/]+)$/, (extension) => `71-sip:${extension}@127.0.0.1:5488;ob-Phone 1.2`, 'error'],
  ondn: [/^\/ondn\/([^/]+)$/, (extension) => `ID=98741:CCID=1:S=Connected:DN=${extension}:EP=+4930111:REC=Stop`, '0'],
  getcallerid: [/^\/getcallerid\/([^/]+)$/, 'Queue: Sales Anrufer: +4930111', 'idle'],
  drop: [/^\/drop\/([^/]+)$/, 'true', 'false'],
  answer: [/^\/answer\/([^/]+)$/, 'true', 'false'],
  record: [/^\/record\/([^/]+)\/[0-3]$/, 'true', 'false'],
  transfer: [/^\/Transfer\/([^/]+)\/([^/]+)$/, 'true', 'false'],
  park: [/^\/park\/([^/]+)\/$/, 'true', 'false'],
  unpark: [/^\/unpark\/([^/]+)\/$/, 'true', 'false'],
  atttrans: [/^\/atttrans\/([^/]+)\/$/, 'true', 'false'],
  setstatus: [
    /^\/setstatus\/([^/]+)\/(avail|away|oof|custom1|custom2)$/,
    (_extension, profile = '') => profile,
    'false',
  ],
  // The profile before anybody sets another one.
  showstatus: [/^\/showstatus\/([^/]+)\/[^/]+$/, 'Available', 'Available'],
  divert: [/^\/divert\/([^/]+)\/([^/]+)$/, 'true', 'false'],
  stop: [/^\/stop$/, 'true', 'true'],
} as const satisfies Record<OperationName, readonly [path: RegExp, done: Answer, refused: Answer]>;

/** The profile that a path sets, of the extension that it names. */
const profileSetters = [
  [/^\/ready\//, 'Available'],
  [/^\/notready\//, 'Custom 1'],
  [/^\/logout\//, 'Away'],
] as const;

export interface DocumentedServer extends TestServer {
  /** How each operation ends from now on; `done` where nothing is said. */
  endings: Partial<Record<OperationName, Ending>>;
}

/** Starts a server of the documented form: what only community knows, it answers with `idle`. */
export async function startDocumentedServer(): Promise<DocumentedServer> {
  const endings: DocumentedServer['endings'] = {};
  let profile: string | null = null;
  const server = await startServer(({ url = '' }, response) => {
    // An action where the extension belongs: the log-in of the community server.
    if (/^\/login\/(login_all|logout_all)\//.test(url)) return 'is not a valid extension';
    for (const [name, [path, done, refused]] of Object.entries(operations)) {
      const match = path.exec(url);
      if (match === null) continue;
      const ending = endings[name as OperationName] ?? 'done';
      if (ending === 'failed') {
        response.statusCode = 500;
        return 'System.NullReferenceException: Object reference not set to an instance of an object.';
      }
      const answer: Answer = ending === 'done' ? done : refused;
      // Refused with `false` they have changed nothing.
      if (answer !== 'false') profile = profileSetters.find(([path]) => path.test(url))?.[1] ?? profile;
      if (name === 'showstatus' && profile !== null) return profile;
      return typeof answer === 'string' ? answer : answer(...match.slice(1));
    }
    return 'idle';
  });
  return { ...server, endings };
}
