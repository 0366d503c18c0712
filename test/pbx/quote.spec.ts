import assert from 'node:assert/strict';
import { anyWriting, quote, withoutSecrets } from '../../lib/pbx';

describe('The words of a server in an error', () => {
  const quoted = (text: string): string => quote(text, [anyWriting('s3cret'), anyWriting('Basic abc')]);

  it('is one line of at most 200 characters', () => {
    assert.equal(quoted(' no \r\n\r\n such\tpage\n'), 'no such page');
    assert.equal(quoted(`<html>${'x'.repeat(300)}`), `<html>${'x'.repeat(194)}`);
    assert.equal(quoted(`${' '.repeat(300)}late`), 'late');
  });

  it('has no secrets', () => {
    assert.equal(quoted('s3cret is wrong, S3CRET too; basic abc as well'), '… is wrong, … too; … as well');
  });

  it('has no phone numbers, however they are written', () => {
    for (const number of ['03012', '+49 (0) 30 / 123-45', '0049 30.123', '1\n2\n3\n4\n5', '1 - 2 - 3 - 4 - 5']) {
      assert.match(quoted(`no answer from ${number}.`), /^no answer from \+?….$/, number);
    }
    assert.equal(quoted('from +4915112345678 to 0301234567'), 'from +… to …');
  });

  it('keeps the extensions and codes in it', () => {
    for (const text of ['HTTP 503', 'extension 1000 is not registered', '10 11', '1a2b3c4d5e6', '10, 11, 12, 13']) {
      assert.equal(quoted(text), text);
    }
  });
});

describe('A secret in a text', () => {
  /** A secret, and how programs write it. */
  const cases: Record<string, readonly string[]> = {
    s3cret: ['s3cret', 'S3Cret', 's%33cret', '%73%33%63%72%65%74', 's&#51;cret', 's&#x33;cret', 's&#0051;cret'],
    pass: ['pass', 'pa\nss', 'p a s s', String.raw`\u0070ass`, String.raw`\u0070\u0061\u0073\u0073`],
    'a"b': ['a"b', String.raw`a\"b`, 'a%22b', 'a&quot;b', 'a&#34;b', 'a&#x22;b', 'a&#X022;b', String.raw`a\u0022b`],
    'a/b': ['a/b', String.raw`a\/b`, 'a%2fb', 'a%2Fb', 'a&sol;b', 'a&#47;b'],
    für: ['für', 'FÜR', 'f%c3%bcr', 'f%C3%BCr', 'f&uuml;r', 'f&#252;r', 'f&#xfc;r', String.raw`f\u00fcr`],
    'a😀b': ['a😀b', 'a%F0%9F%98%80b', 'a&#128512;b', 'a&#x1F600;b', String.raw`a\ud83d\ude00b`],
    'a\u0001b': ['a\u0001b', 'a%01b', String.raw`a\u0001b`],
    'two words': [
      'two words',
      'two  \n words',
      'twowords',
      'two+words',
      'two%20words',
      'two&#32;words',
      'two&#x20;words',
    ],
  };
  for (const [secret, writings] of Object.entries(cases)) {
    it(`${JSON.stringify(secret)}: is found in each writing`, () => {
      for (const writing of writings) {
        assert.equal(withoutSecrets(`(${writing})(${writing})`, [anyWriting(secret)]), '(…)(…)', writing);
      }
    });
  }

  it('is found without the blanks at its ends, which stay', () => {
    assert.equal(withoutSecrets('a s3cret b', [anyWriting('  s3cret\n')]), 'a … b');
  });

  it('is not looked for where it is nothing but blanks', () => {
    for (const secret of ['', ' ', '\t\n'])
      assert.equal(withoutSecrets('no such page', [anyWriting(secret)]), 'no such page');
  });

  it('is nothing else: an entity stands for no letter or digit, a dot for no other character', () => {
    for (const [secret, text] of [
      ['s3cret', 'secret s3cre s&amp;cret &amp;3cret s3+cret'],
      ['two words', 'two&amp;words two-words'],
      ['a.b', 'axb a\\b ab'],
      ['a"b', 'a&quotb a%2b'],
    ] as const) {
      assert.equal(withoutSecrets(text, [anyWriting(secret)]), text);
    }
  });
});
