import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { exampleFiles, readExample } from '../../support/examples';
import { nodeRed5, runsNodeRed5 } from '../../support/node-red-5';

const repository = resolve(__dirname, '../..');

interface State {
  extensions: { number: string; profile: string }[];
  connections: { dn: string; status: string; recording: string }[];
}

interface FlowNode {
  id: string;
  type: string;
  z?: string;
  label?: string;
  disabled?: boolean;
  name?: string;
  url?: string;
}

describe('npm start', function () {
  this.timeout(60_000);
  let userDir: string;
  let child: ChildProcess;
  const lines: string[] = [];
  /** The addresses it printed. */
  let editor: string;
  let page: string;
  let api: string;
  let v20: string;
  /** Keeps Node-RED's usual port, unless somebody else does. */
  const taken = createServer().on('error', () => undefined);

  before(async () => {
    taken.listen(1880, '127.0.0.1');
    userDir = await mkdtemp(join(tmpdir(), '3cx-start-'));
    child = await start(process.execPath, userDir, lines);
    [editor = '', page = '', api = '', v20 = ''] = lines.slice(-9).flatMap((line) => /http:\S+/.exec(line) ?? []);
  });

  after(async () => {
    taken.close();
    child.kill('SIGKILL');
    await rm(userDir, { recursive: true, force: true });
  });

  /** Starts all of it with a Node.js, and resolves when it is there. */
  async function start(node: string, directory: string, printed: string[]): Promise<ChildProcess> {
    const script = join(repository, 'scripts/start.mjs');
    const started = spawn(node, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface({ input: started.stdout })) {
      printed.push(line);
      if (line.includes('Ctrl-C ends')) break;
    }
    return started;
  }

  const flowNodes = async (): Promise<FlowNode[]> =>
    (await fetch(new URL('flows', editor))).json() as Promise<FlowNode[]>;
  const versionAt = async (url: string): Promise<string> =>
    ((await (await fetch(new URL('settings', url))).json()) as { version: string }).version;
  /** Enables a flow, as its comment says. */
  const enable = async (label: string): Promise<void> => {
    const tab = (await flowNodes()).find((node) => node.label === label)?.id ?? '';
    const flow = (await (await fetch(new URL(`flow/${tab}`, editor))).json()) as object;
    const response = await fetch(new URL(`flow/${tab}`, editor), {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ ...flow, disabled: false }),
    });
    assert.equal(response.status, 200);
  };

  const state = async (): Promise<State> => (await fetch(new URL('api/state', page))).json() as Promise<State>;
  const until = async (condition: (now: State) => boolean): Promise<State> => {
    for (;;) {
      const now = await state();
      if (condition(now)) return now;
      await wait(50);
    }
  };

  it('says in a sentence that a port is in use, and takes another one', () => {
    const sentence = lines.find((line) => line.startsWith('Port 1880'));
    assert.match(sentence ?? '', /^Port 1880 is in use: Node-RED takes \d+\.$/);
    assert.doesNotMatch(lines.join('\n'), /EADDRINUSE|\n {4}at /);
  });

  it('answers as the API does', async () => {
    assert.equal(await (await fetch(new URL('showallcalls', api))).text(), '<html><head></head><body></body></html>');
  });

  it('answers as V20 does, and says with which client', async () => {
    const line = lines.find((one) => one.includes(v20)) ?? '';
    const [, id = '', secret = ''] = /client ID (\w+), secret (\w+)/.exec(line) ?? [];
    assert.equal((await fetch(new URL('callcontrol', v20))).status, 401);
    const body = new URLSearchParams({ client_id: id, client_secret: secret, grant_type: 'client_credentials' });
    assert.equal((await fetch(new URL('connect/token', v20), { method: 'POST', body })).status, 200);
  });

  it("has the simulator's page", async () => {
    assert.match(await (await fetch(page)).text(), /<title>3CX simulator<\/title>/);
    for (const file of ['page.css', 'page.js']) assert.equal((await fetch(new URL(file, page))).status, 200);
  });

  it('has all example flows, on the simulators, without an unknown node', async () => {
    const flows = await flowNodes();
    // One more, by V20.
    assert.equal(flows.filter(({ type }) => type === 'tab').length, exampleFiles().length + 1);
    assert.equal(new Set(flows.map(({ id }) => id)).size, flows.length);
    assert.deepEqual(
      flows.filter(({ type }) => type === '3cx-config').map(({ url }) => url),
      ['${SIMULATOR_URL}', '${SECOND_SIMULATOR_URL}', '${V20_URL}'],
    );
    const types = (await (
      await fetch(new URL('nodes', editor), { headers: { Accept: 'application/json' } })
    ).json()) as { types: string[]; err?: string }[];
    const known = new Set(types.flatMap((set) => set.types));
    assert.deepEqual(
      [...new Set(flows.map(({ type }) => type))].filter((type) => !/^(tab|group)$/.test(type) && !known.has(type)),
      [],
    );
  });

  it('has Node-RED 5 where Node.js is new enough, and otherwise the 4.1 of the repository', async () => {
    assert.match(await versionAt(editor), runsNodeRed5() ? /^5\./ : /^4\.1\./);
    const { node } = await nodeRed5();
    if (node === process.execPath) return;
    const directory = await mkdtemp(join(tmpdir(), '3cx-start-5-'));
    const printed: string[] = [];
    const newer = await start(node, directory, printed);
    try {
      const url = printed.flatMap((line) => /example flows: (http:\S+)/.exec(line)?.[1] ?? [])[0] ?? '';
      assert.match(await versionAt(url), /^5\./);
    } finally {
      const exit = once(newer, 'exit');
      newer.kill('SIGINT');
      await exit;
      await rm(directory, { recursive: true, force: true });
    }
  });

  it('has only Start here and the wallboard enabled, and in each other flow a comment that says how to try it', async () => {
    const flows = await flowNodes();
    const tabs = flows.filter(({ type }) => type === 'tab');
    const isEnabled = ({ disabled = false }: FlowNode): boolean => !disabled;
    assert.deepEqual(
      tabs.slice(0, 2).map(({ label }) => label),
      ['Start here', 'Wallboard'],
    );
    assert.deepEqual(tabs.filter(isEnabled), tabs.slice(0, 2));
    const comments = flows.filter(({ type, name = '' }) => type === 'comment' && name.startsWith('To try this flow: '));
    assert.deepEqual(
      comments.map(({ z = '' }) => z).sort(),
      tabs
        .slice(2)
        .map(({ id }) => id)
        .sort(),
    );
  });

  it('plays a whole call when the example is enabled and clicked', async () => {
    await enable('3CX all together');
    const example = readExample('05 all together.json');
    const button = example.find(({ type, name }) => type === 'inject' && name === 'play a call')?.id;
    // It is there once the flow that was enabled has started.
    const click = (): Promise<Response> => fetch(new URL(`inject/${button}`, editor), { method: 'POST' });
    while ((await click()).status === 404) await wait(50);

    const profileOfTen = ({ extensions }: State): string | undefined =>
      extensions.find(({ number }) => number === '10')?.profile;
    const recorded = await until(({ connections }) => connections.some(({ recording }) => recording === 'Start'));
    assert.deepEqual(
      recorded.connections.map(({ dn, status }) => [dn, status]),
      [
        ['10', 'Connected'],
        ['11', 'Connected'],
      ],
    );
    assert.equal(profileOfTen(recorded), 'Away');
    await until((now) => now.connections.length === 0 && profileOfTen(now) === 'Available');
  });

  it('watches the calls by V20 when that flow is enabled, with the credentials it put there', async () => {
    await enable('Start here, 3CX V20');
    const numbers = async (): Promise<string[]> => {
      const response = await fetch(new URL('3cx/2000000000000001/extensions', editor));
      return ((await response.json()) as { extension: string }[]).map(({ extension }) => extension);
    };
    while ((await numbers()).length === 0) await wait(50);
    assert.ok((await numbers()).includes('10'));
  });

  it('ends all of it on Ctrl-C', async () => {
    const exit = once(child, 'exit');
    child.kill('SIGINT');
    assert.deepEqual(await exit, [0, null]);
    for (const url of [editor, page, api, v20]) await assert.rejects(fetch(url));
  });
});
