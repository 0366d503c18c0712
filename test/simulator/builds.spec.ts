import assert from 'node:assert/strict';
import { type Build, type Simulator, type SimulatorAuth, type SimulatorOptions, startSimulator } from '../../simulator';
import { buildNames, builds } from '../../simulator/builds';
import { send, sendInOrder } from './client';
import { until } from '../../support/until';

const auths: Readonly<Record<'basic' | 'bearer', SimulatorAuth>> = {
  basic: { type: 'basic', user: 'api', password: 'S3cret' },
  bearer: { type: 'bearer', token: 'T0k' },
};
const idlePage = '<HTML><BODY>Idle</BODY></HTML>';
const stoppedPage = '<HTML><BODY> Server Stopped</BODY></HTML>';

describe('simulator: builds', () => {
  let simulator: Simulator;
  let authorization: string | undefined;
  const start = async (build: Build, options: SimulatorOptions = {}) => {
    const { auth } = builds[build];
    simulator = await startSimulator({ build, delay: 1, ...(auth === null ? {} : { auth: auths[auth] }), ...options });
    const secrets = { basic: `Basic ${Buffer.from('api:S3cret').toString('base64')}`, bearer: 'Bearer T0k' };
    authorization = auth === null ? undefined : secrets[auth];
  };
  afterEach(() => simulator.close());

  /** Status, content type and body. */
  const ask = async (path: string): Promise<[status: number, type: string | null, body: string]> => {
    const headers = authorization === undefined ? {} : { Authorization: authorization };
    const answer = await fetch(simulator.url + path, { headers });
    return [answer.status, answer.headers.get('content-type'), await answer.text()];
  };
  const text = async (path: string): Promise<string> => (await ask(path))[2];
  /** Is it sure that this gets no answer? */
  const isUnanswered = async (path: string): Promise<boolean> => {
    const pending = await sendInOrder(simulator, path);
    await until(() => simulator.requests.at(-1)?.isUnanswered ?? false, 'the end of it');
    pending.abort();
    return true;
  };

  for (const build of buildNames) {
    it(`${build}: lists calls, and stops in its own way`, async () => {
      await start(build);
      simulator.pbx.inbound({ extension: '10', queue: '8000', number: '+491' });
      const isIdle = build === 'idle';
      assert.match(await text('/showallcalls'), isIdle ? /Idle/ : /Queue_Nummer=8000;EP=\+491/);
      const full = ['bearer', 'exceptions', 'free-queues'].includes(build);
      assert.equal(await text('/stop'), isIdle ? idlePage : full ? stoppedPage : '');
      if (!isIdle) await simulator.stopped;
    });
  }

  it('original-2024 and bearer ask for their log-in, with a challenge and without', async () => {
    for (const [build, challenge] of [
      ['original-2024', 'Basic realm=""'],
      ['bearer', undefined],
    ] as const) {
      await start(build);
      const { status, headers, body } = await send(simulator.url, '/ondn/10').answer;
      assert.deepEqual([status, headers['WWW-Authenticate'], body], [401, challenge, '']);
      assert.equal(await text('/ondn/10'), '0');
      if (build === 'original-2024') await simulator.close();
    }
  });

  it('bearer answers an error with the message only, and the original does not answer it', async () => {
    await start('bearer');
    const message = 'Object reference not set to an instance of an object.';
    assert.deepEqual(await ask('/drop/999'), [500, null, message]);
    await simulator.close();
    await start('original');
    assert.ok(await isUnanswered('/drop/999'));
  });

  it('free-queues accepts queue numbers of any length, and has a word for an unknown queue', async () => {
    const pbx = {
      extensions: [{ number: '10', name: 'Ten', phones: [] }],
      queues: [{ number: '80001', name: 'Long', agents: [] }],
      trunk: '10000',
    };
    await start('free-queues', { pbx });
    simulator.pbx.inbound({ extension: '10', queue: '80001', number: '+491' });
    assert.match(await text('/showallcalls'), /DN=10;Queue_Name=Long;Queue_Nummer=80001;/);
    assert.equal(await text('/getcallerid/10'), 'Queue: Long Anrufer: +491');
    simulator.pbx.inbound({ extension: '10', queue: '7', number: '+492' });
    assert.match(await text('/showallcalls'), /Queue_Name=unidentifyable;Queue_Nummer=7;/);
    assert.deepEqual(await ask('/bogus'), [200, 'text/html', idlePage]);
    assert.deepEqual(await ask('/divert/10/11'), [200, 'text/html', idlePage]);
  });

  it('the original reports a queue of five digits by its first four, and fails with a shorter one', async () => {
    await start('original');
    simulator.pbx.inbound({ extension: '10', queue: '80001', number: '+491' });
    assert.match(await text('/showallcalls'), /Queue_Name=Support: Süd; EU;Queue_Nummer=8000;/);
    assert.equal(await text('/getcallerid/10'), 'Queue: Support: Süd; EU Anrufer: +491');
    simulator.pbx.inbound({ extension: '11', queue: '800', number: '+491' });
    assert.ok(await isUnanswered('/showallcalls'));
  });

  for (const build of ['2020-later', '2020-first'] as const) {
    it(`${build}: has no Web, unpark takes Soft, and answer ignores the web client`, async () => {
      await start(build);
      assert.equal(await text('/makecall/10/11/Web'), 'null');
      const { id } = simulator.pbx.inbound({ extension: '11', number: '+491' });
      assert.equal(await text('/answer/11'), id);
      assert.equal(await text('/park/11'), 'true');
      assert.equal(await text('/unpark/10/Desktop'), id);
      simulator.pbx.setPhones('12', [{ id: '1', contact: 'sip:12@127.0.0.1:5483', userAgent: 'web client' }]);
      simulator.pbx.inbound({ extension: '12', number: '+491' });
      assert.equal(await text('/answer/12'), 'null');
    });
  }

  it('only the oldest takes the extension of dnregs as a prefix', async () => {
    const first = '7100-sip:10@127.0.0.1:5488;ob-3CXPhone for Windows 18.0.9.20';
    await start('2020-first');
    assert.equal(await text('/dnregs/1'), first);
    assert.equal(await text('/dnregs/8000'), 'error');
    assert.equal(await text('/dnregs/999'), 'error');
    await simulator.close();
    await start('2020-later');
    assert.equal(await text('/dnregs/10'), first);
    assert.ok(await isUnanswered('/dnregs/1'));
  });

  it('keeps-profile: notready logs out of the queues and leaves the profile alone', async () => {
    await start('keeps-profile');
    assert.equal(await text('/notready/10'), 'true');
    assert.deepEqual(
      [simulator.pbx.extension('10').profile, simulator.pbx.extension('10').loggedInTo],
      ['Available', []],
    );
    assert.equal(await text('/notready/12'), 'is not an agent of the queues');
    assert.equal(await text('/logout/10'), 'true');
    assert.equal(simulator.pbx.extension('10').profile, 'Away');
  });

  for (const codes of ['same-id', 'new-id'] as const) {
    it(`a code that is seen connects by itself after a second, ${codes}`, async () => {
      simulator = await startSimulator({ time: 'virtual', codes });
      const { pbx } = simulator;
      const { id } = pbx.inbound({ extension: '10', number: '+491' });
      const makecall = await sendInOrder(simulator, '/makecall/11/*20*10/Soft');
      await until(() => pbx.dialledCodes().length === 1, 'the code');
      const [code] = pbx.dialledCodes();
      await simulator.advance(999);
      assert.deepEqual(pbx.dialledCodes(), [code]);
      await simulator.advance(1);
      assert.deepEqual(pbx.dialledCodes(), []);
      assert.equal(pbx.connectionsOf('11')[0]?.id === code, codes === 'same-id');
      await simulator.advance(1500);
      assert.equal((await makecall.answer).body, id);
      pbx.inbound({ extension: '10', number: '+492' });
      pbx.makeCall('12', '*20*10');
      pbx.hangup(pbx.dialledCodes()[0] ?? '');
      await simulator.advance(1000);
      assert.deepEqual(pbx.connectionsOf('12'), []);
    });
  }
});
