import assert from 'node:assert/strict';
import { HttpApiClient } from '../../lib/http-api/client';
import { ThreeCxError } from '../../lib/pbx';

const secretPart = 'TopSecretPart';

describe('The address of a client', () => {
  const refusal = (url: string, auth?: ConstructorParameters<typeof HttpApiClient>[0]['auth']): string | null => {
    try {
      new HttpApiClient({ url, ...(auth === undefined ? {} : { auth }) }).close();
      return null;
    } catch (error) {
      assert.ok(error instanceof ThreeCxError);
      assert.equal(error.code, 'invalid-argument');
      return error.message;
    }
  };

  for (const path of [
    ...['/showallcalls', '/showallcalls/', '/ShowAllCalls', '//showallcalls', '/pbx/showallcalls', ' /showallcalls '],
    ...['/makecall/10/+4930111/Soft', '/makecall/10/+4930111', '/makecall/10', '/makecall', '/makecall/*10/11/Soft/'],
    ...['/MAKECALL/10/11/SOFT', '/makecall/%3Cextension%3E/%3Cdestination%3E/Soft', '/makecall/10/%2B4930111/Web'],
    ...['/drop/10', '/drop/10/11', '/stop', '/stop/', '/stop//', '/x/../stop', '/stop/.', '/stop/1', '/3cx/api/stop'],
    ...['/Transfer/10/11', '/transfer/10/anna@pbx', '/divert/10/11', '/park/10/', '/unpark/10/Soft', '/atttrans/10/'],
    ...['/login/10/login_all', '/login/login_all/10', '/login/login_all', '/login', '/save/login_only_to/10/8000'],
    ...['/logout/10', '/ready/10', '/notready/10', '/setstatus/10/avail', '/showstatus/10/show', '/record/10/0'],
    ...['/dnregs/10', '/ondn/10', '/getcallerid/10', '/answer/10', '/divert'],
  ]) {
    it(`may not end in an operation: ${path}`, () => {
      const message = refusal(`http://127.0.0.1:8889${path}`.replace('8889 ', '8889'));
      assert.match(String(message), /^url must not end in an operation of the API: end it before [a-z]+$/i);
    });
  }

  for (const path of [
    ...[
      '',
      '/',
      '/pbx',
      '/pbx/',
      '/3cx/api',
      '/record/api',
      '/stop/api/',
      '/pbx/record/v2',
      '/answer-api',
      '/api/stops',
    ],
    ...['/my.stop', '/login/pbx', '/pbx/3cx', '/park/3cx', '/logins/10', '/10/11'],
  ]) {
    it(`may have a path: ${path}`, () => {
      assert.equal(refusal(`http://stop:8889${path}`), null);
      assert.equal(refusal(` http://stop:8889${path}\n`), null);
    });
  }

  it('may not go on after its path, not even with nothing', () => {
    for (const rest of ['?', '#', '/pbx?', '/pbx#', '/showallcalls?x', '/stop#', '?x=1']) {
      assert.equal(refusal(`http://127.0.0.1:8889${rest}`), 'url must end with the path, without ? or #');
    }
  });

  it('may hold no user or password', () => {
    for (const url of [`http://anna:${secretPart}@pbx`, `http://${secretPart}@pbx`, `http:anna:${secretPart}@pbx`]) {
      assert.equal(refusal(url), 'url must not hold a user or password: they have fields of their own');
    }
  });

  it('needs a user with Basic and a token with Bearer; a password may be empty', () => {
    const url = 'http://127.0.0.1:8889';
    for (const user of ['', ' ']) {
      assert.match(String(refusal(url, { type: 'basic', user, password: secretPart })), /^user is missing/);
    }
    assert.match(String(refusal(url, { type: 'bearer', token: '' })), /^token is missing/);
    assert.equal(refusal(url, { type: 'basic', user: 'anna', password: '' }), null);
  });
});
