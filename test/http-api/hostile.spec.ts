import assert from 'node:assert/strict';
import type { HttpApiClient } from '../../lib/http-api/client';
import { type ArgumentName, type OperationName, operationOf, operations } from '../../lib/pbx';
import type { TestServer } from '../../support/http-server';
import { connect, endAll, failure, serve, withPhone } from './support';

const hostile: Record<string, unknown> = {
  'a path to another operation': '../stop',
  'a path through an argument': '10/../../stop',
  'a backslash': '10\\..\\stop',
  'a query string': '1?x',
  'a blank': 'a b',
  'a blank only': ' ',
  'escaped dots': '%2e%2e',
  'an escaped slash': '1%2Fstop',
  'a line feed': '10\n',
  'a carriage return and a header': '10\r\nX-Header: 1',
  'a tab': '10\t',
  'a null character': '10\0',
  'a fragment': '10#1',
  'a semicolon': '10;11',
  'an emoji': '📞',
  'a letter outside ASCII': '1ü',
  'a digit outside ASCII': '١٠',
  '10,000 digits': '1'.repeat(10_000),
  'one dot': '.',
  'two dots': '..',
  true: true,
  false: false,
  'an array': ['10'],
  'an array in an array': [['10']],
  'an object': { extension: '10' },
  'an object that turns into text': { toString: () => '10' },
  'a function': () => '10',
  'a symbol': Symbol('10'),
  'a big integer': 10n,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  'a broken number': 1.5,
  'a number too large to be exact': 2 ** 53,
};
const absent: Record<string, unknown> = { null: null, undefined: undefined, 'the empty text': '' };

const good: Record<ArgumentName, string> = {
  extension: '10',
  destination: '11',
  queue: '8000',
  phone: 'Soft',
  action: 'login_all',
  recordAction: 'start',
  profile: 'avail',
};

describe('a hostile argument', () => {
  let server: TestServer;
  let client: HttpApiClient;

  before(async () => {
    server = await serve('true');
    client = connect(server, { allowStop: true });
  });
  after(endAll);

  for (const name of Object.keys(operations) as OperationName[]) {
    const { arguments: required, optional = [] } = operationOf(name);
    const all = [...required, ...optional];
    const args = Object.fromEntries(all.map((argument) => [argument, good[argument]]));

    for (const argument of all) {
      it(`is refused as ${argument} of ${name}, and nothing is sent`, async () => {
        const values = {
          ...hostile,
          ...(argument === 'destination' ? {} : { 'every extension': 'all' }),
          ...(optional.includes(argument) ? {} : absent),
        };
        for (const [kind, value] of Object.entries(values)) {
          const { message } = await failure(client.execute(name, { ...args, [argument]: value }), 'invalid-argument');
          assert.ok(message.startsWith(`${argument} `), `${kind}: "${message}" does not name the argument`);
          assert.ok(!quotes(message, value), `${kind}: "${message}" quotes the value`);
        }
        assert.deepEqual(server.requests, []);
      });
    }

    for (const argument of required) {
      it(`is refused as the ${argument} that ${name} was not given`, async () => {
        const others = Object.fromEntries(Object.entries(args).filter(([key]) => key !== argument));
        const { message } = await failure(client.execute(name, others), 'invalid-argument');
        assert.equal(message, `${argument} is missing`);
        assert.deepEqual(server.requests, []);
      });
    }
  }

  it('that only looks like a phone or an action is refused for its case', async () => {
    await failure(client.execute('makecall', { ...good, phone: 'soft' }), 'invalid-argument');
    await failure(client.execute('login', { ...good, action: 'LOGIN_ALL' }), 'invalid-argument');
    assert.deepEqual(server.requests, []);
  });
});

/** Words of the messages that are values too are none of theirs. */
function quotes(message: string, value: unknown): boolean {
  return typeof value === 'string' && value.trim().length > 2 && value !== 'all' && message.includes(value);
}

describe('an unusual argument', () => {
  let server: TestServer;
  let client: HttpApiClient;

  beforeEach(async () => {
    server = await serve(withPhone('true'));
    client = connect(server);
  });
  afterEach(endAll);

  async function sent(name: OperationName, args: Record<string, unknown>): Promise<string | undefined> {
    await client.execute(name, args);
    return server.requests.at(-1);
  }

  for (const [destination, why] of [
    ['+4930111', 'a plus sign'],
    ['**9', 'asterisks'],
    ['*00', 'an asterisk'],
    ['anna.b-c_d@example.com', 'an address'],
    ['all', 'the word all'],
    ['...', 'dots, when there are more than two'],
    ['1'.repeat(64), '64 characters'],
  ] as const) {
    it(`goes on the wire as it is: ${why}`, async () => {
      assert.equal(await sent('makecall', { ...good, destination }), `/makecall/10/${destination}/Soft`);
      assert.equal(await sent('transfer', { ...good, destination }), `/transfer/10/${destination}`);
      assert.equal(await sent('divert', { ...good, destination }), `/divert/10/${destination}`);
    });
  }

  it('goes on the wire as an extension too, when it has up to 32 of its characters', async () => {
    for (const extension of ['*10', '+49', 'SP1', 'a_b.c-d', 'ALL', '1'.repeat(32)]) {
      assert.equal(await sent('drop', { extension }), `/drop/${extension}`);
    }
  });

  it('is too long with 33 characters as an extension and 65 as a destination', async () => {
    await failure(client.execute('drop', { extension: '1'.repeat(33) }), 'invalid-argument');
    await failure(client.execute('transfer', { ...good, destination: '1'.repeat(65) }), 'invalid-argument');
    assert.deepEqual(server.requests, []);
  });

  it('is no extension when it holds an @', async () => {
    await failure(client.execute('drop', { extension: '10@example.com' }), 'invalid-argument');
  });

  it('can be a whole number', async () => {
    assert.equal(await sent('transfer', { extension: 10, destination: 4930111 }), '/transfer/10/4930111');
    assert.equal(await sent('drop', { extension: 0 }), '/drop/0');
  });

  it('can be an absent queue', async () => {
    for (const queue of [undefined, null, '']) {
      assert.equal(await sent('login', { ...good, queue }), '/login/10/login_all');
    }
  });

  it('is ignored where the operation has no such argument', async () => {
    assert.equal(await sent('drop', { ...good, destination: '../stop' }), '/drop/10');
  });
});
