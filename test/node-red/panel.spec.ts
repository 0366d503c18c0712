import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import FakeTimers, { type Clock } from '@sinonjs/fake-timers';
import type { CallState } from '../../lib/calls';
import {
  type Connection,
  type ConnectionRow,
  keyOf,
  type Leg,
  type ListedExtension,
  type PanelError,
  panelLife,
  type PanelRow,
  type PanelUpdate,
  type Pbx,
  type Presence,
  ThreeCxError,
  type Watcher,
} from '../../lib/pbx';
import { CallWatch, rememberedFor } from '../../lib/node-red/call-watch';
import { connections } from '../../lib/node-red/connections';
import { Contacts } from '../../lib/node-red/contacts';
import { Panel } from '../../lib/node-red/panel';
import { callRows, differences } from '../../lib/node-red/panel-rows';
import { ProfileWatch } from '../../lib/node-red/profile-watch';
import type { ConnectionNode } from '../../lib/node-red/types';

const leg = (id: string, extension: string, status: Connection['status'], number: string): Leg => ({
  ...{ id, extension, status, number, name: null, queue: null, recording: null, callId: null },
  role: extension.length > 3 ? 'trunk' : 'extension',
});
const ringing = [leg('1', '10000', 'connected', '10'), leg('2', '10', 'ringing', '+491')];

describe('The panel', () => {
  let clock: Clock;
  let panel: Panel;
  let published: [session: string, update: PanelUpdate][];
  let onError: ((error: PanelError) => void) | null;
  /** Of each connection that is watched. */
  let watchers: Map<string, Watcher>;
  const added: ConnectionNode[] = [];

  /** Deploys a connection. */
  const deploy = (id: string, pbx: Partial<Pbx> = {}, memory = rememberedFor('', undefined)): ConnectionNode => {
    const whole = {
      stretched: null,
      listsPresences: false,
      watch: (watcher: Watcher) => {
        watchers.set(id, watcher);
        return () => watchers.delete(id);
      },
      ...pbx,
    } as Pbx;
    const contacts = new Contacts({ country: '', names: [{ number: '10', name: 'Anna' }] }, whole, () => false);
    const calls = new CallWatch(whole, memory, () => undefined, contacts);
    const nothing = { seen: () => calls.seen(), onRead: () => undefined, onRefused: () => undefined };
    const profiles = new ProfileWatch(whole, memory.profiles, nothing);
    const target = { api: 'http', url: '', tls: '', proxy: '' } as const;
    const node = { id, name: 'Office', target, access: { pbx: whole, calls, profiles, contacts } };
    added.push(node as unknown as ConnectionNode);
    connections.add(node as unknown as ConnectionNode);
    return node as unknown as ConnectionNode;
  };
  const snapshot = (id: string, legs: Leg[], accuracyMs = 0): void => {
    const at = { wall: Date.now(), steady: performance.now() };
    watchers.get(id)?.onSnapshot({ connections: legs, changed: true, at, accuracyMs, afterGap: false });
  };
  const open = (session: string): string => {
    const key = panel.renew(undefined);
    panel.join(key, session);
    return key;
  };
  const pass = async (milliseconds: number): Promise<void> => {
    clock.tick(milliseconds);
    await turn();
  };
  const last = (): PanelUpdate => {
    const [, update] = published.at(-1) ?? [];
    assert.ok(update);
    return update;
  };
  const row = (key: string): Partial<Record<string, unknown>> => last().rows[key] as unknown as Record<string, unknown>;

  beforeEach(() => {
    const toFake = ['setTimeout', 'clearTimeout', 'Date', 'performance'] as const;
    clock = FakeTimers.install({ toFake: [...toFake], now: Date.UTC(2026, 10, 26) });
    published = [];
    onError = null;
    watchers = new Map();
    panel = new Panel({
      publish: (session, update) => void published.push([session, update]),
      watchErrors: (listener) => {
        onError = listener;
        return () => {
          onError = null;
        };
      },
    });
  });
  afterEach(async () => {
    await pass(2 * panelLife);
    for (const node of added.splice(0)) connections.remove(node);
    clock.uninstall();
  });

  it('watches nothing for an editor that has not shown its key, or shows another', async () => {
    deploy('a');
    panel.renew(undefined);
    panel.join('guessed', 'session');
    await pass(1_000);
    assert.deepEqual([watchers.size, onError, published], [0, null, []]);
  });

  it('watches each connection once for all editors, until the last is gone', () => {
    deploy('a');
    const keys = ['one', 'two'].map(open);
    assert.deepEqual([...watchers.keys()], ['a']);
    panel.leave(keys[0] ?? '');
    assert.equal(watchers.size, 1);
    panel.forget('two');
    assert.deepEqual([watchers.size, onError], [0, null]);
  });

  it('forgets an editor that does not renew its key', async () => {
    deploy('a');
    const key = open('one');
    await pass(panelLife - 1);
    assert.equal(panel.renew(key), key);
    await pass(panelLife - 1);
    assert.equal(watchers.size, 1);
    await pass(1);
    assert.equal(watchers.size, 0);
    assert.notEqual(panel.renew(key), key);
  });

  it('sends everything first, then differences, with numbers that show whether one was lost', async () => {
    deploy('a');
    open('one');
    snapshot('a', []);
    await pass(250);
    assert.deepEqual(Object.keys(last().rows), ['connection/a']);
    assert.equal(last().isWhole, true);
    const { seq } = last();
    snapshot('a', ringing);
    await pass(250);
    assert.equal(last().isWhole, false);
    assert.equal(last().seq, seq + 1);
    assert.deepEqual(
      Object.keys(last().rows).map((key) => key.replace(/[^/]*-.*/, 'id')),
      ['extension/a/10', 'call/a/id'],
    );
    const { state, number, name } = row('extension/a/10');
    assert.deepEqual({ state, number, name }, { state: 'ringing', number: '+491', name: 'Anna' });
    assert.deepEqual(
      last().events.map(({ payload }) => [payload.event, payload.seq]),
      [
        ['ringing', 1],
        ['state', 2],
      ],
    );
    snapshot('a', []);
    await pass(250);
    assert.deepEqual(Object.keys(last().rows), ['extension/a/10']);
    assert.equal(last().gone.length, 1);
  });

  it('sends nothing while nothing changes', async () => {
    deploy('a');
    open('one');
    for (let count = 0; count < 10; count++) {
      snapshot('a', []);
      await pass(1_000);
    }
    assert.equal(published.length, 1);
  });

  it('sends four updates a second at most, to a second editor as well', async () => {
    deploy('a');
    open('one');
    await pass(0);
    for (let step = 0; step < 40; step++) {
      if (step % 10 === 5) open(`later ${step}`);
      snapshot('a', step % 2 === 0 ? ringing : []);
      await pass(25);
    }
    assert.ok(published.filter(([session]) => session === 'one').length <= 5);
    assert.ok(published.filter(([session]) => session === 'later 5').length <= 4);
  });

  it('resets the time since when a connection works for an editor that opens it later', async () => {
    deploy('a');
    const key = open('one');
    snapshot('a', []);
    await pass(250);
    const { since } = row('connection/a');
    panel.leave(key);
    await pass(250);
    open('two');
    snapshot('a', []);
    await pass(250);
    assert.notEqual(row('connection/a').since, since);
  });

  it('sends no more events and errors at once than it keeps', async () => {
    deploy('a');
    deploy('b');
    open('one');
    for (const id of ['a', 'b']) snapshot(id, []);
    await pass(250);
    for (let count = 0; count < 60; count++) {
      for (const id of ['a', 'b']) snapshot(id, count % 2 === 0 ? ringing : []);
      onError?.({ at: '', node: String(count), type: '3cx-recorder', name: '', code: 'lost', message: '' });
    }
    await pass(250);
    const { isWhole, events, errors } = last();
    const countOf = (id: string): number => events.filter(({ connection }) => connection === id).length;
    assert.deepEqual([isWhole, countOf('a'), countOf('b')], [false, 50, 50]);
    assert.deepEqual([errors.length, errors.at(-1)?.node], [20, '59']);
  });

  it('gives a later editor what is there, with the last 50 events and 20 errors', async () => {
    deploy('a');
    open('one');
    snapshot('a', []);
    for (let count = 0; count < 30; count++) {
      snapshot('a', ringing);
      snapshot('a', []);
      onError?.({ at: '', node: String(count), type: '3cx-recorder', name: '', code: 'lost', message: '' });
      await pass(250);
    }
    open('two');
    await pass(250);
    const [session, { events, errors, rows }] = published.at(-1) as [string, PanelUpdate];
    assert.deepEqual([session, events.length, errors.length, errors[0]?.node], ['two', 50, 20, '10']);
    assert.deepEqual(Object.keys(rows), ['connection/a', 'extension/a/10']);
  });

  it('shows that a connection is away, why and since when, and then no extension’s state', async () => {
    deploy('a');
    open('one');
    snapshot('a', ringing);
    await pass(1_000);
    const since = new Date().toISOString();
    for (let count = 0; count < 3; count++) watchers.get('a')?.onSilence(new ThreeCxError('unreachable', 'refused'));
    await pass(250);
    const { state, code, detail, since: told } = row('connection/a');
    assert.deepEqual(
      { state, code, detail, told },
      { state: 'offline', code: 'unreachable', detail: 'refused', told: since },
    );
    assert.deepEqual([row('extension/a/10').state, row('extension/a/10').number], [null, null]);
    assert.equal(last().gone.length, 1);
    await pass(1_000);
    snapshot('a', []);
    await pass(250);
    assert.equal(row('connection/a').state, 'online');
    assert.notEqual(row('connection/a').since, since);
  });

  it('shows which setting of a connection is wrong', async () => {
    const access = new ThreeCxError('invalid-argument', 'url is missing');
    const node = { id: 'bad', name: '', target: null, access } as unknown as ConnectionNode;
    added.push(node);
    connections.add(node);
    open('one');
    await pass(0);
    assert.deepEqual([row('connection/bad').state, row('connection/bad').detail], ['invalid', 'url is missing']);
  });

  it('goes on with a connection that is deployed again, and keeps its events', async () => {
    const memory = rememberedFor('', undefined);
    const before = deploy('a', {}, memory);
    open('one');
    snapshot('a', []);
    snapshot('a', ringing);
    await pass(250);
    const { since } = published[0]?.[1].rows['connection/a'] as ConnectionRow;
    connections.remove(before);
    assert.equal(watchers.size, 0);
    deploy('a', {}, memory);
    open('two');
    snapshot('a', []);
    await pass(250);
    assert.equal(row('connection/a').since, since);
    const names = last().events.map(({ payload }) => payload.event);
    assert.deepEqual(names, ['ringing', 'state', 'ended', 'state']);
  });

  describe('where the PBX lists its extensions', () => {
    const listed: ListedExtension[] = [
      { extension: '9', name: 'Zoe', isWatched: false },
      { extension: '11', name: null, isWatched: false },
    ];
    let looked: number;
    const presence: Presence = { profile: null, profileName: 'Lunch', loggedIn: true };
    const pbx: Partial<Pbx> = {
      listsPresences: true,
      watchedExtensions: ['11'],
      extensions: () => Promise.resolve(listed),
      nameOf: (dn) => (dn === '9' ? 'Zoe' : null),
      presences: () => {
        looked += 1;
        return Promise.resolve(new Map([['9', presence]]));
      },
    };
    beforeEach(() => {
      looked = 0;
    });

    it('shows all of them, but states only for those that are watched', async () => {
      deploy('a', pbx);
      open('one');
      snapshot('a', []);
      await turn();
      await pass(250);
      const rows = Object.values(last().rows).filter((one: PanelRow) => one.kind === 'extension');
      assert.deepEqual(
        rows.map(({ extension, name, state }) => [extension, name, state]),
        [
          ['9', 'Zoe', null],
          ['11', null, 'idle'],
        ],
      );
    });

    it('looks up profiles every 30 s, by one request for all', async () => {
      deploy('a', pbx);
      const key = open('one');
      snapshot('a', []);
      await turn();
      await pass(250);
      assert.equal(looked, 1);
      await pass(250);
      assert.deepEqual([row('extension/a/9').profileName, row('extension/a/9').loggedIn], ['Lunch', true]);
      panel.renew(key);
      await pass(30_000);
      assert.equal(looked, 2);
    });

    it('looks up no profiles if it may not read names either', async () => {
      deploy('a', { ...pbx, extensions: () => Promise.resolve([{ extension: '11', name: null, isWatched: true }]) });
      open('one');
      snapshot('a', []);
      await turn();
      await pass(30_000);
      assert.equal(looked, 0);
    });
  });
});

describe('The rows of the panel', () => {
  const state = (fields: Partial<CallState>): CallState =>
    ({
      ...{ call: 'c', extension: '10', extensionName: null, number: '+491', name: 'Caller', status: 'ringing' },
      ...{ direction: 'inbound', internal: false, queue: null, recording: null },
      ...{ startedAt: '2026-11-26T08:00:00.000Z', answeredAt: null },
      ...fields,
    }) as CallState;

  it('combine the parts of all extensions in a call into one row', () => {
    const [call, ...more] = callRows('a', [
      state({ queue: { number: '8000', name: 'Sales' } }),
      state({ extension: '11', status: 'connected', recording: 'on', answeredAt: '2026-11-26T08:00:05.000Z' }),
    ]);
    assert.deepEqual(more, []);
    assert.deepEqual(call, {
      ...{ kind: 'call', connection: 'a', call: 'c' },
      extensions: [
        { extension: '10', name: null, state: 'ringing' },
        { extension: '11', name: null, state: 'talking' },
      ],
      ...{ number: '+491', party: 'Caller', direction: 'inbound', queue: { number: '8000', name: 'Sales' } },
      ...{ recording: 'on', startedAt: '2026-11-26T08:00:00.000Z', answeredAt: '2026-11-26T08:00:05.000Z' },
    });
  });

  it('name nobody else in a call between two extensions', () => {
    const [call] = callRows('a', [
      state({ number: '11', internal: true, direction: 'outbound', status: 'dialing' }),
      state({ extension: '11', number: '10', internal: true }),
    ]);
    assert.deepEqual([call?.direction, call?.number, call?.party], ['internal', null, null]);
  });

  it('have keys that differ for connections, extensions and calls', () => {
    const rows = [
      { kind: 'connection', connection: '1' },
      { kind: 'extension', connection: '1', extension: '2' },
      { kind: 'call', connection: '1', call: '2' },
    ] as PanelRow[];
    assert.equal(new Set(rows.map(keyOf)).size, 3);
  });

  it('differ if one is new, changed or gone', () => {
    const before = new Map(Object.entries({ same: '1', other: '1', gone: '1' }));
    const now = new Map(Object.entries({ same: '1', other: '2', new: '1' }));
    const { changed, gone } = differences(before, now);
    assert.deepEqual([[...changed], gone], [['other', 'new'], ['gone']]);
  });
});
