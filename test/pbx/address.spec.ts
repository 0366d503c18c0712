import assert from 'node:assert/strict';
import {
  baseUrl,
  type BaseUrlProblem,
  baseUrlProblemOf,
  baseUrlTemplateProblemOf,
  connectionDefaults,
  offers,
  operationAtEnd,
  operationNames,
  refuseLogIn,
  ThreeCxError,
} from '../../lib/pbx';

describe('An address', () => {
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
