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
  withoutEndSlash,
  withScheme,
} from '../../lib/pbx';
import { refusal } from './support';

/** The errors, after the name of the setting; that of an operation ends with its name. */
const messages: Record<BaseUrlProblem, string> = {
  address: 'must be an address that begins with http:// or https://',
  'log-in': 'must not hold a user or password: they have fields of their own',
  query: 'must end with the path, without ? or #',
  operation: 'must not end in an operation of the API: end it before ',
};

describe('The address of a connection', () => {
  const hrefs = {
    [connectionDefaults.url]: 'http://127.0.0.1:8889/',
    'https://pbx': 'https://pbx/',
    'https://pbx/3cx/api/': 'https://pbx/3cx/api/',
    ' http://pbx:8889/api ': 'http://pbx:8889/api',
    ' http://pbx\n': 'http://pbx/',
    'http://stop/': 'http://stop/',
    'http://pbx/record/api': 'http://pbx/record/api',
  };
  for (const [text, href] of Object.entries(hrefs)) {
    it(`${JSON.stringify(text)}: operations can be added to it`, () => {
      assert.equal(baseUrlProblemOf(text), null);
      assert.equal(httpUrl('url', text).href, href);
      assert.equal(baseUrl(text).href, href);
    });
  }

  const refused: [text: string, problem: BaseUrlProblem, operation?: string][] = [
    ['', 'address'],
    ['pbx pbx', 'address'],
    ['anna@pbx', 'address'],
    ['pbx:', 'address'],
    ['http//pbx', 'address'],
    ['192.168.1.5:88890', 'address'],
    ['ftp://pbx', 'address'],
    ['httpx://pbx', 'address'],
    ['http://', 'address'],
    ['http://anna@pbx', 'log-in'],
    ['http://anna:x@pbx', 'log-in'],
    ['http://:x@pbx', 'log-in'],
    ['http://anna@pbx/drop/10?', 'log-in'],
    ['http://pbx?', 'query'],
    ['http://pbx#', 'query'],
    ['http://pbx/#', 'query'],
    ['http://pbx?x', 'query'],
    ['http://pbx/api#x', 'query'],
    ['http://pbx/showallcalls?x=1', 'query'],
    ['http://pbx/showallcalls', 'operation', 'showallcalls'],
    ['http://pbx/makecall/10/+4930111/Soft', 'operation', 'makecall'],
    ['http://pbx/drop/10', 'operation', 'drop'],
    ['http://pbx/Drop//10/', 'operation', 'Drop'],
    ['http://pbx/x/../drop/10', 'operation', 'drop'],
    ['http://pbx/save/login_only_to/10/8000', 'operation', 'save'],
    ['http://pbx/api/save/login_only_to/10/8000', 'operation', 'save'],
    ['http://pbx/stop', 'operation', 'stop'],
    ['http://pbx//stop', 'operation', 'stop'],
    ['https://pbx/3cx/STOP/', 'operation', 'STOP'],
  ];
  for (const [text, problem, operation = ''] of refused) {
    it(`${JSON.stringify(text)}: ${problem}`, () => {
      assert.equal(baseUrlProblemOf(text), problem);
      const error = refusal(() => baseUrl(text));
      assert.equal(error, `url ${messages[problem]}${operation}`);
      const ofProxy = refusal(() => httpUrl('proxy', text));
      assert.equal(ofProxy, problem === 'address' ? `proxy ${messages.address}` : null);
    });
  }

  it('is completed in the dialog where its beginning was not typed', () => {
    const typed: Record<string, string> = {
      '192.168.1.5:8889': '192.168.1.5:8889',
      ' pbx ': 'pbx',
      'localhost:8889/3cx/': 'localhost:8889/3cx/',
      'pbx.example': 'pbx.example',
      '[::1]:8889': '[::1]:8889',
    };
    for (const [text, address] of Object.entries(typed)) {
      for (const [api, scheme] of [
        ['http', 'http://'],
        ['v20', 'https://'],
      ] as const) {
        assert.equal(withScheme(text, api), scheme + address);
        assert.equal(baseUrlProblemOf(text, api), 'address', text);
        assert.equal(baseUrl(withScheme(text, api), api).href, new URL(scheme + address).href);
      }
    }
    for (const text of [
      '',
      ' http://pbx ',
      'ftp://pbx',
      '${PBX_URL}',
      '${HOST}:8889',
      'anna:x@pbx',
      'http:/pbx',
      'http/pbx',
    ]) {
      assert.equal(withScheme(text), text);
    }
    // A long text is read in no time.
    assert.equal(withScheme(`${'a.'.repeat(50_000)}@`), `${'a.'.repeat(50_000)}@`);
  });

  const templates: [text: string, problem: BaseUrlProblem | null][] = [
    ['http://pbx', null],
    ['${PBX_URL}', null],
    ['http://${HOST}:8889/3cx', null],
    ['http://${HOST}/stop/api', null],
    ['http://stop', null],
    ['http://1stop', null],
    ['http://pbx/@', null],
    ['http://pbx?@', null],
    ['http://pbx#@', null],
    ['see http://anna@pbx', null],
    ['1://anna@pbx', null],
    ['http://anna:x@pbx', 'log-in'],
    ['  https://anna@pbx', 'log-in'],
    ['HTTP://anna@pbx', 'log-in'],
    ['http://@pbx', 'log-in'],
    ['http://anna:${PASSWORD}@pbx', 'log-in'],
    ['http://${USER}:${PASSWORD}@pbx', 'log-in'],
    ['HTTPS://${USER}@pbx/', 'log-in'],
    ['http://${HOST}:8889/makecall/10/${NUMBER}/Soft', 'operation'],
    [' ${PBX_URL}/showallcalls ', 'operation'],
    ['${PBX_URL}/proxy://drop/10', 'operation'],
  ];
  for (const [text, problem] of templates) {
    it(`${JSON.stringify(text)}, before its variables are replaced: ${problem ?? 'may be right'}`, () => {
      assert.equal(baseUrlTemplateProblemOf(text), problem);
      const error = refusal(() => refuseLogIn(text));
      assert.equal(error, problem === 'log-in' ? `url ${messages['log-in']}` : null);
    });
  }

  it('ends, for 3CX V20, before the paths of its APIs and pages', () => {
    const v20: [string, BaseUrlProblem | null][] = [
      ['https://pbx.example', null],
      ['https://pbx.example:5001/', null],
      ['https://proxy.example/3cx/', null],
      ['https://callcontrol/', null],
      ['https://pbx.example/drop/10', null],
      ['https://pbx.example/callcontrols', null],
      ['https://pbx.example/callcontrol', 'operation'],
      ['https://pbx.example/callcontrol/10/participants', 'operation'],
      ['https://pbx.example/3cx//XAPI/v1/', 'operation'],
      ['https://pbx.example/connect/token', 'operation'],
      ['https://pbx.example/connect//token', 'operation'],
      ['https://pbx.example/webclient', 'operation'],
      ['https://pbx.example/webclient/#/people', 'query'],
      ['https://anna@pbx.example', 'log-in'],
      ['pbx example', 'address'],
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

  it('is without the slashes at its end, where a path is added to it', () => {
    for (const [text, base] of [
      ['http://pbx', 'http://pbx'],
      ['http://pbx/3cx/', 'http://pbx/3cx'],
      ['http://pbx/3cx//', 'http://pbx/3cx'],
      ['http://pbx//3cx/api', 'http://pbx//3cx/api'],
    ] as const) {
      assert.equal(withoutEndSlash(new URL(text)), base, text);
    }
  });

  it('has an operation at its end by each name, and with each queue action', () => {
    for (const name of operationNames) assert.match(`/${name}`, operationAtEnd);
    const actions = 'login_all logout_all login_only_to logout_only_from login_current logout_current'.split(' ');
    for (const action of actions) {
      for (const path of [`/login/${action}`, `/login/${action}/10`, `login//${action}//10//`]) {
        assert.match(path, operationAtEnd);
      }
    }
    const others = Object.keys(offers).map((type) => `/${type}`);
    for (const path of ['/login/pbx', '/record/api', '/logins', '/my-login', '/login_all', '', ...others]) {
      assert.doesNotMatch(path, operationAtEnd);
    }
  });
});
