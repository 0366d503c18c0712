import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { HttpApiClient } from '../../lib/http-api/client';
import { ThreeCxError } from '../../lib/pbx';
import { type ClosingServer, startClosingServer } from './closing-server';
import { expectNoComplaints } from './process';
import { isLong, report } from './report';

/** The results of requests, each of which came when the server was about to close the connection. */
interface Row {
  name: string;
  commands: number;
  done: number;
  lost: number;
  polls: number;
  answered: number;
}

/** How much sooner or later than the server closes the connection a request comes, in ms. */
const offsets = [-2, -1, 0, 1, 2];
/** After how many ms the server closes an idle connection; how many requests there is time for. */
const times: [idle: number, count: number][] = isLong
  ? [
      [0, 100],
      [500, 25],
      [1_000, 25],
      [2_000, 25],
      [15_000, 6],
    ]
  : [
      [0, 20],
      [500, 5],
      [1_000, 5],
    ];

describe('Whenever the server closes idle connections', function () {
  this.timeout(600_000);
  expectNoComplaints();
  const rows: Row[] = [];
  const found = { duplicates: 0 };

  before(async () => {
    const cases = times.flatMap(([idle, count]) => [false, true].map((isAnnounced) => ({ idle, count, isAnnounced })));
    rows.push(
      ...(await Promise.all(cases.filter(({ idle, isAnnounced }) => idle > 0 || !isAnnounced).map(tryRequests))),
    );
  });
  after(() => {
    report('idle', {
      position: 15,
      title: 'Idle connections',
      text:
        'A healthy server may close a connection that nobody uses. Each request came within 2 ms of that ' +
        'moment. _Announced_ means that the answers announce it (`Keep-Alive: timeout`). A command counted as ' +
        '`lost` had left when the connection closed.',
      figures: { 'Commands that arrived twice': found.duplicates },
      table: {
        columns: ['the server closes connections …', 'commands', 'done', '`lost`', 'polls', 'answered'],
        rows: rows.map(({ name, ...counts }) => [name, ...Object.values(counts).map(String)]),
      },
    });
  });

  it('no command arrives twice', () => {
    assert.equal(found.duplicates, 0);
  });

  it('every poll is answered', () => {
    for (const { name, polls, answered } of rows) assert.equal(answered, polls, name);
  });

  it('a command is lost at most until the client has seen when this server closes connections', () => {
    for (const { name, commands, done, lost } of rows) {
      assert.equal(done + lost, commands, name);
      assert.ok(lost <= (/ (2|15) s /.test(name) ? 0 : commands / 5), `${name}: ${lost} were lost`);
    }
  });

  async function tryRequests({
    idle,
    count,
    isAnnounced,
  }: {
    idle: number;
    count: number;
    isAnnounced: boolean;
  }): Promise<Row> {
    const [forCommands, forPolls] = [
      await startClosingServer(idle, isAnnounced),
      await startClosingServer(idle, isAnnounced),
    ];
    const [commands, polls] = await Promise.all([
      tryEach(forCommands, idle, count, (client, at) => client.execute('drop', { extension: String(at) })),
      tryEach(forPolls, idle, count, (client) => client.poll()),
    ]);
    const requests = await forCommands.end();
    await forPolls.end();
    found.duplicates += requests.length - new Set(requests).size;
    const name =
      idle === 0
        ? 'after each answer, not announced'
        : `after ${idle / 1_000} s idle, ${isAnnounced ? 'announced' : 'not announced'}`;
    const sum = (told: string[], code: string): number => told.filter((one) => one === code).length;
    return {
      ...{ name, commands: count, done: sum(commands, 'done'), lost: sum(commands, 'lost') },
      ...{ polls: count, answered: sum(polls, 'done') },
    };
  }
});

/** @returns the result of each request */
async function tryEach(
  { url }: ClosingServer,
  idle: number,
  count: number,
  send: (client: HttpApiClient, at: number) => Promise<unknown>,
): Promise<string[]> {
  const client = new HttpApiClient({ url });
  const told: string[] = [];
  for (let at = 0; at < count; at++) {
    told.push(
      await send(client, at).then(
        () => 'done',
        (error: unknown) => (error instanceof ThreeCxError ? error.code : 'thrown'),
      ),
    );
    await pause(Math.max(idle + (offsets[at % offsets.length] ?? 0), 0));
  }
  client.close();
  return told;
}
