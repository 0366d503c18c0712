import assert from 'node:assert/strict';
import { contactsIn } from '../../editor/contact-text';

/** Numbers and names in a line each, and how many lines were left out. */
function read(text: string): (string | number)[] {
  const { contacts, skipped } = contactsIn(text);
  return [...contacts.map(({ number, name }) => `${number}: ${name}`), skipped];
}

describe('A pasted text', () => {
  const two = ['10: Anna Muster', '+49 151 12345678: Grandma', 0];

  for (const [what, text] of [
    ['tabs', '10\tAnna Muster\n+49 151 12345678\tGrandma'],
    ['semicolons', '10;Anna Muster\r\n+49 151 12345678;Grandma\r\n'],
    ['commas', '10, Anna Muster\n+49 151 12345678, Grandma\n'],
    ['the name first', 'Anna Muster\t10\nGrandma\t+49 151 12345678'],
    ['quotes', '"10";"Anna Muster"\n"+49 151 12345678";"Grandma"'],
    ['a header', 'Number;Name\n10;Anna Muster\n+49 151 12345678;Grandma'],
    ['a German header, and a byte order mark', '\ufeffNummer;Name\r\n10;Anna Muster\r\n+49 151 12345678;Grandma'],
    ['blanks and empty lines', '\n 10 ;  Anna Muster \n\n;\n+49 151 12345678 ; Grandma;;\n\n'],
    ['no-break spaces', '10\t\u00a0Anna Muster\n\u00a0+49 151 12345678\tGrandma'],
    ['line ends of old', '10\tAnna Muster\r+49 151 12345678\tGrandma'],
  ] as const) {
    it(`has numbers and names: ${what}`, () => {
      assert.deepEqual(read(text), two);
    });
  }

  it('may have anything in quotes', () => {
    assert.deepEqual(read('10;"Muster; ""Anna""\nBerlin"\n11,5;x'), ['10: Muster; "Anna" Berlin', 1]);
    assert.deepEqual(read('10\tAnna "the boss"\n11\t6" pipe'), ['10: Anna "the boss"', '11: 6" pipe', 0]);
  });

  it('keeps a comma in a name if tabs or semicolons separate the cells', () => {
    assert.deepEqual(read('10\tMuster, Anna\n11;x\tBen'), ['10: Muster, Anna', 1]);
    assert.deepEqual(read('10;Muster, Anna'), ['10: Muster, Anna', 0]);
  });

  it('may have lines without a number or without a name, which are left out', () => {
    assert.deepEqual(read('Anna\tBen\n10\tAnna\nsomebody\tBen\n12\t\n\t13'), ['10: Anna', 3]);
    assert.deepEqual(read('4.9E+11 x;Anna'), [1]);
    assert.deepEqual(read('10'), [1]);
    assert.deepEqual(read('hello'), [1]);
    assert.deepEqual(read('hello\nworld'), [1]);
    assert.deepEqual(read(''), [0]);
  });

  it('may have 10,000 rows, and quotes that never end', () => {
    const rows = Array.from({ length: 10_000 }, (_, index) => `${1000 + index};Name ${index}`);
    assert.equal(contactsIn(rows.join('\n')).contacts.length, 10_000);
    assert.deepEqual(read(`"${'10;x\n'.repeat(100_000)}`), [1]);
  });

  describe('with vCards', () => {
    const card = (...lines: string[]): string => ['BEGIN:VCARD', 'VERSION:3.0', ...lines, 'END:VCARD', ''].join('\r\n');

    it('has each number of a card with its name', () => {
      const text = card(
        ...['N:Muster;Anna;;;', 'FN:Anna Müster', 'TEL;TYPE=CELL:+49 151 12345678', 'TEL;type=WORK,VOICE:10'],
        ...['item1.TEL;type=pref:030/123456', 'item1.X-ABLabel:Oma', 'EMAIL:11@pbx.example', 'TEL:10'],
      );
      assert.deepEqual(read(text + card('FN:Ben', 'TEL:11')), [
        ...['+49 151 12345678: Anna Müster', '10: Anna Müster', '030/123456: Anna Müster', '11: Ben', 0],
      ]);
    });

    it('takes the parts of a name if it is not written out, else the company', () => {
      assert.deepEqual(read(card('N:Muster;Anna;;Dr.;', 'TEL:10')), ['10: Anna Muster', 0]);
      assert.deepEqual(read(card('FN:', 'N:;;;;', 'ORG:Muster GmbH;Vertrieb', 'TEL:10')), [
        '10: Muster GmbH Vertrieb',
        0,
      ]);
    });

    it('reads vCard 4.0: numbers that are addresses', () => {
      const text = card('FN:Anna', 'TEL;VALUE=uri;TYPE="cell,voice";PREF=1:tel:+49-151-12345678;ext=5', 'TEL:tel:10');
      assert.deepEqual(read(text), ['+49-151-12345678: Anna', '10: Anna', 0]);
    });

    it('reads folded lines and escaped signs', () => {
      const text = card(
        'FN:Muster\\, An',
        ' na \\; Co',
        'TEL;TYPE=CELL:+49 15',
        '\t1 12345678',
        'NOTE:TEL:99\\nTEL:98',
      );
      assert.deepEqual(read(text), ['+49 151 12345678: Muster, Anna ; Co', 0]);
    });

    it('reads vCard 2.1: quoted-printable, even over several lines and in another character set', () => {
      const utf8 = card('N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BC=', 'ller;J=C3=B6rg', 'TEL;CELL:10');
      assert.deepEqual(read(utf8), ['10: Jörg Müller', 0]);
      const latin = card('FN;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:M=FCller', 'TEL;CELL;PREF:10');
      assert.deepEqual(read(latin), ['10: Müller', 0]);
      const odd = card('FN;QUOTED-PRINTABLE;CHARSET=x-none:M=C3=BCller =E2=82=AC', 'TEL:10');
      assert.deepEqual(read(odd), ['10: Müller €', 0]);
    });

    it('leaves out cards without a number that can be called, or without a name', () => {
      const text = card('FN:Anna') + card('TEL:10') + card('FN:Ben', 'TEL:unknown') + card('FN:Cem', 'TEL:12');
      assert.deepEqual(read(text), ['12: Cem', 3]);
    });

    it('may be one that never ends, or is hostile', () => {
      assert.deepEqual(read('BEGIN:VCARD\nFN:Anna\nTEL:10'), ['10: Anna', 0]);
      assert.deepEqual(read(card('FN:<img src=x onerror=alert(1)>', 'TEL:10')), [
        '10: <img src=x onerror=alert(1)>',
        0,
      ]);
      const long = `BEGIN:VCARD\nFN;ENCODING=QUOTED-PRINTABLE:${'=\n'.repeat(50_000)}\nTEL${';a="'.repeat(50_000)}:10`;
      assert.equal(contactsIn(long).contacts.length, 0);
    });
  });
});
