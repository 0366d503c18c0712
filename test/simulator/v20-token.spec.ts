import assert from 'node:assert/strict';
import { startSimulator, type V20Simulator } from '../../simulator';
import { until } from '../../support/until';
import { askForToken, client, formOf, V20Client } from './v20-client';

describe('simulator: tokens of V20', () => {
  let simulator: V20Simulator;
  let api: V20Client;
  beforeEach(async () => {
    simulator = await startSimulator({ v20: client });
    api = new V20Client(simulator.v20);
  });
  afterEach(() => simulator.close());

  const statusOf = async (one: V20Client) => (await one.get('/callcontrol')).status;

  it('answers as documented, with seconds', async () => {
    const { status, json } = await api.logIn();
    assert.equal(status, 200);
    const { access_token: text, ...rest } = json as Record<string, unknown>;
    assert.deepEqual(rest, { token_type: 'Bearer', expires_in: 3600, refresh_token: null });
    const [, payload = ''] = String(text).split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, number>;
    assert.equal((claims.exp ?? 0) - (claims.iat ?? 0), 3600);
    assert.equal(claims.sub, 'nodered');
  });

  it('says how many minutes a token is valid, as older builds do', async () => {
    simulator.v20.switches.expiresIn = 'minutes';
    assert.equal(((await api.logIn()).json as { expires_in: number }).expires_in, 60);
  });

  it('takes a multipart form too', async () => {
    const form = new FormData();
    for (const [name, value] of Object.entries(formOf())) form.set(name, value);
    assert.equal((await askForToken(simulator.v20Url, form)).status, 200);
  });

  it('refuses another secret, another client and another grant', async () => {
    for (const fields of [{ client_secret: 'wrong' }, { client_id: 'other' }]) {
      const { status, json } = await api.logIn(fields);
      assert.equal(status, 401);
      const description = 'The request requires valid user authentication.';
      assert.deepEqual(json, { error: 'unauthorized', error_description: description });
    }
    assert.equal((await api.logIn({ grant_type: 'password' })).status, 400);
    assert.equal(simulator.v20.tokens.length, 0);
  });

  it('answers 401 without a token, and with one that never was', async () => {
    for (const path of ['/callcontrol', '/callcontrol/10', '/xapi/v1/Users', '/xapi/v1/Defs']) {
      assert.equal((await api.get(path)).status, 401, path);
    }
    await assert.rejects(api.open(), /401/);
  });

  it('only the last token of a client is valid', async () => {
    const other = new V20Client(simulator.v20);
    await api.logIn();
    assert.equal(await statusOf(api), 200);
    await other.logIn();
    assert.deepEqual([await statusOf(api), await statusOf(other)], [401, 200]);
    await assert.rejects(api.open(), /401/);
  });

  it('another program takes the token once', async () => {
    await api.logIn();
    simulator.v20.takeToken();
    assert.equal(await statusOf(api), 401);
    await api.logIn();
    assert.equal(await statusOf(api), 200);
    assert.deepEqual(
      simulator.v20.tokens.map(({ isForeign }) => isForeign),
      [false, true, false],
    );
  });

  it('contested: another program takes each token, until it stops', async () => {
    await api.logIn();
    simulator.v20.switches.contested = true;
    assert.equal(await statusOf(api), 401);
    assert.equal((await api.logIn()).status, 200);
    assert.equal(await statusOf(api), 401);
    simulator.v20.switches.contested = false;
    await api.logIn();
    assert.equal(await statusOf(api), 200);
  });

  it('a token expires', async () => {
    await simulator.close();
    simulator = await startSimulator({ time: 'virtual', v20: { ...client, tokenLife: 10 } });
    api = new V20Client(simulator.v20);
    await api.logIn();
    await simulator.advance(9_999);
    assert.equal(await statusOf(api), 200);
    await simulator.advance(1);
    assert.equal(await statusOf(api), 401);
  });

  it('socketOutlivesToken: an open WebSocket stays, or is closed, when its client gets a new token', async () => {
    await api.logIn();
    const socket = await api.open();
    await api.logIn();
    simulator.pbx.inbound({ extension: '10', number: '+491' });
    await socket.events(2);
    simulator.v20.switches.socketOutlivesToken = false;
    await api.logIn();
    await until(() => socket.isClosed, 'the end of the WebSocket');
  });

  it('refuses options that are not allowed, and does not quote the secret', async () => {
    for (const v20 of [
      { ...client, clientId: '' },
      { ...client, clientId: 'a b' },
      { ...client, clientSecret: '' },
      { ...client, clientSecret: 'top secret' },
      { ...client, port: -1 },
    ]) {
      await assert.rejects(startSimulator({ v20 }), (error) => {
        assert.ok(error instanceof RangeError);
        assert.doesNotMatch(error.message, /top secret/);
        return true;
      });
    }
  });
});
