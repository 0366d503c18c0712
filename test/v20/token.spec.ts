import assert from 'node:assert/strict';
import { ThreeCxError } from '../../lib/pbx';
import { lifeOf, type TokenAnswer, TokenSource, tokenSourceOf } from '../../lib/v20/token';
import { captured } from './support';

function jwt(claims: object): string {
  return `eyJhbGciOiJub25lIn0.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
}

/** A token endpoint, and the time. */
class Endpoint {
  now = 0;
  asked = 0;
  error: ThreeCxError | null = null;
  readonly source = new TokenSource(() => this.now);
  readonly ask = (): Promise<TokenAnswer> => {
    this.asked += 1;
    return this.error === null
      ? Promise.resolve({ token: `token-${this.asked}`, expiresIn: 3600 })
      : Promise.reject(this.error);
  };
  get(): Promise<string> {
    return this.source.get(this.ask);
  }
}

const refused = new ThreeCxError('unauthorized', 'no');
const isUnauthorized = { code: 'unauthorized' };

describe('A token of 3CX V20', () => {
  it('lives as long as it says itself', () => {
    const claims = captured('jwt-payload') as object;
    assert.equal(lifeOf(jwt(claims), 60), 3_600_000);
    assert.equal(lifeOf(jwt({ iat: 100, exp: 160 }), 3600), 60_000);
  });

  for (const id of ['token-200-minutes', 'token-200-live', 'token-200-seconds']) {
    it(`lives for an hour by its answer: ${id}`, () => {
      const { access_token, expires_in } = captured(id) as { access_token: string; expires_in: number };
      assert.equal(lifeOf(access_token, expires_in), 3_600_000);
    });
  }

  it('lives for an hour when nothing says how long', () => {
    for (const expiresIn of [null, 0, -1, NaN]) assert.equal(lifeOf('x', expiresIn), 3_600_000);
    assert.equal(lifeOf(jwt({ iat: 5, exp: 5 }), null), 3_600_000);
  });

  it('is asked for once, however many wait for it', async () => {
    const endpoint = new Endpoint();
    const tokens = await Promise.all([endpoint.get(), endpoint.get(), endpoint.get()]);
    assert.deepEqual([new Set(tokens).size, endpoint.asked], [1, 1]);
  });

  it('is renewed after four fifths of its life', async () => {
    const endpoint = new Endpoint();
    await endpoint.get();
    endpoint.now = 0.8 * 3_600_000 - 1;
    assert.equal(await endpoint.get(), 'token-1');
    endpoint.now += 1;
    assert.equal(await endpoint.get(), 'token-2');
  });

  it('goes on being used when it cannot be renewed yet', async () => {
    const endpoint = new Endpoint();
    await endpoint.get();
    endpoint.now = 0.9 * 3_600_000;
    endpoint.error = new ThreeCxError('unreachable', 'away');
    assert.equal(await endpoint.get(), 'token-1');
    endpoint.now = 3_600_000;
    await assert.rejects(endpoint.get(), { code: 'unreachable' });
  });

  it('that is not accepted is replaced once, then after growing pauses', async () => {
    const endpoint = new Endpoint();
    endpoint.source.reject(await endpoint.get());
    endpoint.source.reject(await endpoint.get());
    assert.equal(endpoint.asked, 2);
    for (const pause of [1, 2, 4, 8, 16, 30, 30]) {
      await assert.rejects(endpoint.get(), isUnauthorized);
      endpoint.now += pause * 1_000 - 1;
      await assert.rejects(endpoint.get(), isUnauthorized);
      const before: number = endpoint.asked;
      endpoint.now += 1;
      endpoint.source.reject(await endpoint.get());
      assert.equal(endpoint.asked, before + 1);
    }
  });

  it('that was taken again after it worked for a while is replaced at once', async () => {
    const endpoint = new Endpoint();
    for (let time = 0; time < 5; time++) {
      endpoint.source.reject(await endpoint.get());
      endpoint.now += 30_000;
    }
    assert.equal(await endpoint.get(), 'token-6');
  });

  it('that is no longer held is not replaced because of a late answer', async () => {
    const endpoint = new Endpoint();
    const first = await endpoint.get();
    endpoint.source.reject(first);
    await endpoint.get();
    endpoint.source.reject(first);
    assert.equal(await endpoint.get(), 'token-2');
  });

  it('is not asked for again at once when the secret is wrong', async () => {
    const endpoint = new Endpoint();
    endpoint.error = refused;
    await assert.rejects(endpoint.get(), refused);
    await assert.rejects(endpoint.get(), refused);
    assert.equal(endpoint.asked, 1);
    endpoint.now += 1_000;
    endpoint.error = null;
    assert.equal(await endpoint.get(), 'token-2');
  });

  it('is asked for anew by others when who asked has been closed', async () => {
    const endpoint = new Endpoint();
    const closed = endpoint.source.get(() => Promise.reject(new ThreeCxError('closed', 'closed')));
    const other = endpoint.get();
    await assert.rejects(closed, { code: 'closed' });
    assert.equal(await other, 'token-1');
  });

  it('is shared per URL, client and secret', () => {
    const source = tokenSourceOf('https://pbx.example', 'client', 'secret');
    assert.equal(tokenSourceOf('https://pbx.example', 'client', 'secret'), source);
    for (const other of [
      ['https://pbx.example:5001', 'client', 'secret'],
      ['https://pbx.example', 'other', 'secret'],
      ['https://pbx.example', 'client', 'other'],
    ] as const) {
      const [url, client, secret] = other;
      assert.notEqual(tokenSourceOf(url, client, secret), source);
    }
  });

  it('is kept for whoever uses it, before it is asked for and whatever other clients come', () => {
    const other = (): void => tokenSourceOf('https://pbx.example', 'between', 'secret').release();
    const source = tokenSourceOf('https://pbx.example', 'user', 'secret');
    other();
    assert.equal(tokenSourceOf('https://pbx.example', 'user', 'secret'), source);
    source.release();
    other();
    assert.equal(tokenSourceOf('https://pbx.example', 'user', 'secret'), source);
    source.release();
    source.release();
    other();
    assert.notEqual(tokenSourceOf('https://pbx.example', 'user', 'secret'), source);
  });
});
