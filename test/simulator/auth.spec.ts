import assert from 'node:assert/strict';
import { request } from 'node:http';
import { type Simulator, type SimulatorAuth, type SimulatorOptions, startSimulator } from '../../simulator';
import { get, sendInOrder } from './client';

const basic: SimulatorAuth = { type: 'basic', user: 'api', password: 'pä:ss' };
const bearer: SimulatorAuth = { type: 'bearer', token: 'T0k.en==' };
const encoded = (text: string): string => Buffer.from(text).toString('base64');

describe('simulator: authentication, and builds with errors of their own', () => {
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
      assert.deepEqual(await ask(`Basic ${encoded(bad)}`), [401, 'Basic realm=""'], bad);
    }
    for (const bad of [undefined, 'Basic', 'api:pä:ss', `Bearer ${encoded('api:pä:ss')}`]) {
      assert.equal((await ask(bad === undefined ? bad : encodeURI(bad)))[0], 401, bad);
    }
  });

  it('bearer', async () => {
    await start({ auth: bearer });
    assert.deepEqual(await ask('Bearer T0k.en=='), [200, undefined]);
    for (const bad of [undefined, 'Bearer', 'Bearer T0k.en=', 'Bearer T0k.en===', 'T0k.en==', 'Basic T0k.en==']) {
      assert.deepEqual(await ask(bad), [401, undefined], bad);
    }
  });

  for (const auth of [basic, bearer]) {
    it(`${auth.type}: shows the secrets nowhere, and a refused request does nothing`, async () => {
      await start({ auth });
      await ask('Bearer T0k.en==');
      await ask(`Basic ${encoded('api:pä:ss')}`);
      const { status, headers, body } = await get(simulator.url, '/setstatus/10/away');
      const challenge = auth.type === 'basic' ? { 'WWW-Authenticate': 'Basic realm=""' } : {};
      const common = { Server: 'Mono-HTTPAPI/1.0', 'Content-Length': '0', 'Keep-Alive': 'timeout=15,max=100' };
      assert.deepEqual([status, headers, body], [401, { ...challenge, ...common }, '']);
      assert.equal((await get(simulator.url, '/stop')).status, 401);
      assert.equal(simulator.pbx.extension('10').profile, 'Available');
      assert.deepEqual(simulator.requests.map(({ answer }) => answer).filter((answer) => answer === '').length, 3);
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
    const server = 'other' as 'community';
    await assert.rejects(startSimulator({ server }), { message: 'The server must be community or documented.' });
    const build = 'spoon' as 'idle';
    await assert.rejects(startSimulator({ build }), {
      message:
        'The build must be original, original-2024, bearer, free-queues, 2020-later, 2020-first, keeps-profile, exceptions or idle.',
    });
    for (const [options, message] of [
      [{ build: 'original-2024' }, 'The build original-2024 goes with basic authentication.'],
      [{ build: 'bearer', auth: basic }, 'The build bearer goes with bearer authentication.'],
      [{ build: '2020-later', server: 'documented' }, 'The build 2020-later goes with the community server.'],
    ] as const) {
      await assert.rejects(startSimulator(options), { name: 'RangeError', message });
    }
  });

  for (const server of ['community', 'documented'] as const) {
    it(`the build exceptions of the ${server} server answers an error with 500, and closes the connection`, async () => {
      await start({ server, build: 'exceptions' });
      for (const [path, text] of [
        ['/drop/999', 'Object reference not set to an instance of an object.'],
        ['/drop', 'Index was outside the bounds of the array.'],
        ['/park/10', 'Operation is not valid due to the current state of the object.'],
      ] as const) {
        simulator.pbx.makeCall('10', '11');
        const { status, headers, body } = await get(simulator.url, path);
        assert.deepEqual([status, body], [500, text]);
        assert.deepEqual(headers, {
          'Access-Control-Allow-Origin': '*',
          Server: 'Mono-HTTPAPI/1.0',
          'Content-Length': String(text.length),
          Connection: 'close',
        });
        assert.equal(simulator.requests.at(-1)?.answer, text);
      }
      assert.equal((await get(simulator.url, '/drop/10')).body, 'true');
    });

    it(`the build idle of the ${server} server answers Idle to everything and does nothing`, async () => {
      await start({ server, build: 'idle' });
      for (const path of ['/showallcalls', '/setstatus/10/away', '/drop/999', '/getcallerid/10', '/stop', '/']) {
        const { status, body } = await get(simulator.url, path);
        assert.deepEqual([status, body], [200, '<HTML><BODY>Idle</BODY></HTML>'], path);
      }
      assert.equal(simulator.pbx.extension('10').profile, 'Available');
    });
  }

  it('a build that lost its PBX requires its secret too', async () => {
    await start({ auth: bearer, build: 'idle' });
    assert.equal((await ask())[0], 401);
    assert.equal((await ask('Bearer T0k.en=='))[0], 200);
  });

  it('sends a 401 in its turn', async () => {
    await start({ delay: 20 });
    const first = await sendInOrder(simulator, '/makecall/10/11/Soft');
    let firstIsAnswered = false;
    void first.answer.then(() => (firstIsAnswered = true));
    await ask('Basic x');
    assert.ok(firstIsAnswered);
  });
});
