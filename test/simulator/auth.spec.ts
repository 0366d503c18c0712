import assert from 'node:assert/strict';
import { request } from 'node:http';
import { type Simulator, type SimulatorAuth, type SimulatorOptions, startSimulator } from '../../simulator';
import { get, sendInOrder } from './client';

const basic: SimulatorAuth = { type: 'basic', user: 'api', password: 'pä:ss' };
const bearer: SimulatorAuth = { type: 'bearer', token: 'T0k.en==' };
const encoded = (text: string): string => Buffer.from(text).toString('base64');

describe('simulator: authentication and forks', () => {
  let simulator: Simulator;
  const start = async (options: SimulatorOptions) => {
    simulator = await startSimulator({ delay: 1, ...options });
  };
  afterEach(() => simulator.close());

  /** Status and challenge of a request with this header. */
  const ask = (authorization?: string): Promise<[status: number | undefined, challenge: string | undefined]> =>
    new Promise((resolve, reject) => {
      const headers = authorization === undefined ? {} : { Authorization: authorization };
      request(`${simulator.url}/ondn/10`, { agent: false, headers }, (response) => {
        response.resume().on('end', () => resolve([response.statusCode, response.headers['www-authenticate']]));
      })
        .on('error', reject)
        .end();
    });

  it('basic', async () => {
    await start({ auth: basic });
    for (const right of [`Basic ${encoded('api:pä:ss')}`, `bASIC ${encoded('api:pä:ss')}`]) {
      assert.deepEqual(await ask(right), [200, undefined]);
    }
    for (const bad of ['api:pä:s', 'api:pä:sss', 'apo:pä:ss', 'api', ':', '']) {
      assert.deepEqual(await ask(`Basic ${encoded(bad)}`), [401, 'Basic realm="3CX HTTP API", charset="UTF-8"'], bad);
    }
    for (const bad of [undefined, 'Basic', 'api:pä:ss', `Bearer ${encoded('api:pä:ss')}`]) {
      assert.equal((await ask(bad === undefined ? bad : encodeURI(bad)))[0], 401, bad);
    }
  });

  it('bearer', async () => {
    await start({ auth: bearer });
    assert.deepEqual(await ask('Bearer T0k.en=='), [200, undefined]);
    for (const bad of [undefined, 'Bearer', 'Bearer T0k.en=', 'Bearer T0k.en===', 'T0k.en==', 'Basic T0k.en==']) {
      assert.deepEqual(await ask(bad), [401, 'Bearer realm="3CX HTTP API"'], bad);
    }
  });

  for (const auth of [basic, bearer]) {
    it(`${auth.type}: the secrets stand nowhere, and what is refused has done nothing`, async () => {
      await start({ auth });
      await ask('Bearer T0k.en==');
      await ask(`Basic ${encoded('api:pä:ss')}`);
      assert.equal((await get(simulator.url, '/setstatus/10/away')).status, 401);
      assert.equal((await get(simulator.url, '/stop')).status, 401);
      assert.equal(simulator.pbx.extension('10').profile, 'Available');
      assert.deepEqual(
        simulator.requests.map(({ answer }) => answer).filter((answer) => answer === 'Unauthorized').length,
        3,
      );
      const text = JSON.stringify(simulator.requests);
      for (const secret of ['T0k.en', 'pä:ss', encoded('api:pä:ss')]) assert.ok(!text.includes(secret));
    });
  }

  it('refuses settings that no request could meet, without quoting them', async () => {
    await start({});
    for (const [auth, sentence] of [
      [{ type: 'basic', user: '', password: 'S' }, 'The user is missing.'],
      [{ type: 'basic', user: 'S' }, 'The password is missing.'],
      [
        { type: 'basic', user: 'S:', password: 'S' },
        'The user must have a character, no colon and no control characters.',
      ],
      [{ type: 'basic', user: 'S', password: 'S\n' }, 'The password must have a character and no control characters.'],
      [{ type: 'bearer' }, 'The token is missing.'],
      [{ type: 'bearer', token: 'S S' }, 'The token must be printable ASCII without blanks.'],
      [{ type: 'digest' }, 'The authentication must be none, basic or bearer.'],
    ] as const) {
      await assert.rejects(startSimulator({ auth: auth as SimulatorAuth }), { name: 'RangeError', message: sentence });
    }
    const server = 'other' as 'shipped';
    await assert.rejects(startSimulator({ server }), { message: 'The server must be shipped or documented.' });
    const fork = 'spoon' as 'idle';
    await assert.rejects(startSimulator({ fork }), { message: 'The fork must be exceptions or idle.' });
  });

  for (const server of ['shipped', 'documented'] as const) {
    it(`the fork exceptions of the ${server} server answers an error with 500`, async () => {
      await start({ server, fork: 'exceptions' });
      for (const [path, text] of [
        ['/drop/999', 'System.NullReferenceException: Object reference not set to an instance of an object.'],
        ['/drop', 'System.IndexOutOfRangeException: Index was outside the bounds of the array.'],
        [
          '/park/10',
          'System.InvalidOperationException: Operation is not valid due to the current state of the object.',
        ],
      ] as const) {
        simulator.pbx.makeCall('10', '11');
        const { status, body } = await get(simulator.url, path);
        assert.deepEqual([status, body], [500, text]);
        assert.equal(simulator.requests.at(-1)?.answer, text);
      }
      assert.equal((await get(simulator.url, '/drop/10')).body, 'true');
    });

    it(`the fork idle of the ${server} server answers Idle to everything and does nothing`, async () => {
      await start({ server, fork: 'idle' });
      for (const path of ['/showallcalls', '/setstatus/10/away', '/drop/999', '/getcallerid/10', '/stop', '/']) {
        const { status, body } = await get(simulator.url, path);
        assert.deepEqual([status, body], [200, '<HTML><BODY>Idle</BODY></HTML>'], path);
      }
      assert.equal(simulator.pbx.extension('10').profile, 'Available');
    });
  }

  it('a fork wants its secret too', async () => {
    await start({ auth: bearer, fork: 'idle' });
    assert.equal((await ask())[0], 401);
    assert.equal((await ask('Bearer T0k.en=='))[0], 200);
  });

  it('401 comes in its turn', async () => {
    await start({ delay: 20 });
    const first = await sendInOrder(simulator, '/makecall/10/11/Soft');
    let firstIsAnswered = false;
    void first.answer.then(() => (firstIsAnswered = true));
    await ask('Basic x');
    assert.ok(firstIsAnswered);
  });
});
