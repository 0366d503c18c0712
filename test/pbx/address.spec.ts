import assert from 'node:assert/strict';
import {
  baseUrl,
  type BaseUrlProblem,
  baseUrlProblemOf,
  baseUrlTemplateProblemOf,
  connectionDefaults,
  httpUrl,
  offers,
  operationAtEnd,
  operationNames,
  refuseLogIn,
  ThreeCxError,
} from '../../lib/pbx';
import { refusal } from './support';

const logIn = 'url must not hold a user or password: they have fields of their own';

describe('An address', () => {
  it('begins with http:// or https://', () => {
    assert.equal(httpUrl('url', ' http://pbx:8889/api ').href, 'http://pbx:8889/api');
    assert.equal(httpUrl('url', 'https://pbx').href, 'https://pbx/');
    for (const text of ['', 'pbx', 'ftp://pbx', 'httpx://pbx', 'http://']) {
      const message = 'proxy must be an address that begins with http:// or https://';
      assert.equal(
        refusal(() => httpUrl('proxy', text)),
        message,
        text,
      );
    }
  });

  it('of a connection may have a path', () => {
    assert.equal(baseUrl('http://pbx:8889').href, 'http://pbx:8889/');
    assert.equal(baseUrl('https://pbx/3cx/api/').href, 'https://pbx/3cx/api/');
    assert.equal(
      refusal(() => baseUrl('pbx')),
      'url must be an address that begins with http:// or https://',
    );
  });

  it('of a connection ends with the path', () => {
    for (const rest of ['?', '#', '?x', '/api#x']) {
      assert.equal(
        refusal(() => baseUrl(`http://pbx${rest}`)),
        'url must end with the path, without ? or #',
        rest,
      );
    }
  });

  it('of a connection holds no user and no password', () => {
    for (const url of ['http://anna@pbx', 'http://anna:x@pbx', 'http://:x@pbx']) {
      assert.equal(
        refusal(() => baseUrl(url)),
        logIn,
        url,
      );
    }
  });

  it('of a connection does not end in an operation, and the error names it', () => {
    const ends = ['/showallcalls', '/drop/10', '/Drop//10/', '/api/save/login_only_to/10/8000', '//stop'];
    assert.deepEqual(
      ends.map((end) => refusal(() => baseUrl(`http://pbx${end}`))?.split('before ')[1]),
      ['showallcalls', 'drop', 'Drop', 'save', 'stop'],
    );
    assert.equal(
      refusal(() => baseUrl('http://pbx/stop')),
      'url must not end in an operation of the API: end it before stop',
    );
  });

  it('has an operation at its end with each queue action, of both servers', () => {
    const actions = [
      ...['login_all', 'logout_all', 'login_only_to', 'logout_only_from', 'login_current', 'logout_current'],
    ];
    for (const action of actions) {
      for (const path of [`/login/${action}`, `/login/${action}/10`, `login//${action}//10//`]) {
        assert.match(path, operationAtEnd);
      }
    }
    for (const path of ['/login/pbx', '/record/api', '/logins', '/my-login', '/login_all', '']) {
      assert.doesNotMatch(path, operationAtEnd);
    }
  });

  it('with a user or password is found before its environment variables are replaced', () => {
    for (const text of [
      ...[
        'http://anna:x@pbx',
        '  https://anna@pbx',
        'HTTP://anna@pbx',
        'http://@pbx',
        'http://${USER}:${PASSWORD}@pbx',
      ],
    ]) {
      assert.equal(
        refusal(() => refuseLogIn(text)),
        logIn,
        text,
      );
    }
    for (const text of [
      ...[
        'http://pbx',
        '${URL}',
        'http://pbx/@',
        'http://pbx?@',
        'http://pbx#@',
        'see http://anna@pbx',
        '1://anna@pbx',
      ],
    ]) {
      assert.equal(
        refusal(() => refuseLogIn(text)),
        null,
        text,
      );
    }
  });
});

describe('The address of a connection', () => {
  const cases: [string, BaseUrlProblem | null][] = [
    [connectionDefaults.url, null],
    ['https://pbx/3cx/api/', null],
    [' http://pbx\n', null],
    ['http://stop/', null],
    ['http://pbx/record/api', null],
    ['', 'address'],
    ['pbx', 'address'],
    ['ftp://pbx', 'address'],
    ['http://', 'address'],
    ['http://anna:secret@pbx', 'log-in'],
    ['http://anna@pbx/drop/10?', 'log-in'],
    ['http://pbx?', 'query'],
    ['http://pbx/#', 'query'],
    ['http://pbx/showallcalls?x=1', 'query'],
    ['http://pbx/makecall/10/+4930111/Soft', 'operation'],
    ['https://pbx/3cx/STOP/', 'operation'],
    ['http://pbx/x/../drop/10', 'operation'],
    ['http://pbx/save/login_only_to/10/8000', 'operation'],
  ];
  for (const [text, problem] of cases) {
    it(`${JSON.stringify(text)}: ${problem ?? 'operations can be added to it'}`, () => {
      assert.equal(baseUrlProblemOf(text), problem);
      if (problem === null) assert.equal(baseUrl(text).href, new URL(text).href);
      else assert.throws(() => baseUrl(text), ThreeCxError);
    });
  }

  it('of 3CX V20 ends before the paths of its APIs and pages', () => {
    const v20: [string, BaseUrlProblem | null][] = [
      ['https://pbx.example', null],
      ['https://pbx.example:5001/', null],
      ['https://proxy.example/3cx/', null],
      ['https://callcontrol/', null],
      ['https://pbx.example/drop/10', null],
      ['https://pbx.example/callcontrol', 'operation'],
      ['https://pbx.example/callcontrol/10/participants', 'operation'],
      ['https://pbx.example/3cx//XAPI/v1/', 'operation'],
      ['https://pbx.example/connect/token', 'operation'],
      ['https://pbx.example/webclient', 'operation'],
      ['https://pbx.example/webclient/#/people', 'query'],
      ['https://anna@pbx.example', 'log-in'],
      ['pbx.example', 'address'],
    ];
    for (const [text, problem] of v20) {
      assert.equal(baseUrlProblemOf(text, 'v20'), problem, text);
      if (problem === null) assert.equal(baseUrl(text, 'v20').href, new URL(text).href);
      else assert.throws(() => baseUrl(text, 'v20'), ThreeCxError);
    }
    assert.equal(
      refusal(() => baseUrl('https://pbx/callcontrol/10', 'v20')),
      'url must not end in a path of the PBX: end it before callcontrol',
    );
    assert.equal(baseUrlTemplateProblemOf('${PBX_URL}/callcontrol/', 'v20'), 'operation');
    assert.equal(baseUrlTemplateProblemOf('https://${HOST}:5001', 'v20'), null);
  });

  it('may end in no operation that there is', () => {
    for (const name of operationNames) assert.match(`/${name}`, operationAtEnd);
    assert.ok(Object.keys(offers).every((type) => !operationAtEnd.test(`/${type}`)));
  });

  it('is refused before its variables are known when no value of theirs could mend it', () => {
    const templates: [string, BaseUrlProblem | null][] = [
      ['${PBX_URL}', null],
      ['http://${HOST}:8889/3cx', null],
      ['http://${HOST}/stop/api', null],
      ['http://${HOST}:8889/makecall/10/${NUMBER}/Soft', 'operation'],
      [' ${PBX_URL}/showallcalls ', 'operation'],
      ['http://anna:${PASSWORD}@pbx', 'log-in'],
      ['HTTPS://${USER}@pbx/', 'log-in'],
    ];
    for (const [text, problem] of templates) {
      assert.equal(baseUrlTemplateProblemOf(text), problem, text);
      if (problem === 'log-in') assert.throws(() => refuseLogIn(text), ThreeCxError);
      else refuseLogIn(text);
    }
  });
});
