import assert from 'node:assert/strict';
import type { HttpApiClient } from '../../lib/http-api/client';
import type { Connection } from '../../lib/pbx';
import { connect, endAll, serve } from '../http-api/support';
import { report } from './report';

/** Where a text may come from. */
const places = [
  'a caller’s number',
  'a caller’s number, documented',
  'a queue’s name',
  'a caller, getcallerid',
] as const;
const first = 'ID=1;S=Connected;DN=10000;Queue_Name=Direkter Anruf;Queue_Nummer=null;EP=1;REC=Stop';
const last = 'ID=3;S=Ringing;DN=12;Queue_Name=Direkter Anruf;Queue_Nummer=null;EP=3;REC=Stop';
const record: Record<(typeof places)[number], (text: string) => string> = {
  'a caller’s number': (text) => `ID=2;S=Ringing;DN=10;Queue_Name=Sales;Queue_Nummer=8000;EP=${text};REC=Start`,
  'a caller’s number, documented': (text) => `ID=2:CCID=2:S=Ringing:DN=10:EP=${text}:REC=Start`,
  'a queue’s name': (text) => `ID=2;S=Ringing;DN=10;Queue_Name=${text};Queue_Nummer=8000;EP=5;REC=Start`,
  'a caller, getcallerid': (text) => `Queue: Sales Anrufer: ${text}`,
};

/** The kind of text, the text, and the places where it is not reported unchanged. */
const texts: [what: string, text: string, but?: Partial<Record<(typeof places)[number], string>>][] = [
  ['a script', '<script>alert(1)</script>'],
  ['HTML that ends the list', '</body></html>'],
  ['a line break of HTML', '1<br>2'],
  ['another field, `;EP=`', '1;EP=2;DN=11'],
  ['another field, `:EP=`', '1:EP=2:DN=11'],
  ['another queue', '1;Queue_Nummer=8001;EP=2', { 'a queue’s name': 'cut off there' }],
  ['another queue, in words', 'Queue: Support Anrufer: 5'],
  ['an end of the record', '1;REC=Stop'],
  ['a record without its end', '1<br>ID=5;S=Ringing;DN=11;Queue_Name=x;EP=2'],
  [
    'a whole record',
    '1;REC=Stop<br>ID=5;S=Ringing;DN=11;Queue_Name=x;Queue_Nummer=null;EP=2',
    {
      'a caller’s number': 'one more call',
      'a caller’s number, documented': 'one more call',
      'a queue’s name': 'one more call',
    },
  ],
  ['control characters', '1\0\u0007\u001b[31m\n2'],
  ['text that runs to the left', '\u202e4321'],
  ['a lone surrogate, as `\ufffd\ufffd\ufffd`', '\ufffd\ufffd\ufffd'],
  ['10,000 characters', 'x'.repeat(10_000)],
];

describe('A hostile text', () => {
  afterEach(endAll);
  const rows: string[][] = [];

  /** The results that contain the text, and those about the calls beside it. */
  async function told(client: HttpApiClient, place: (typeof places)[number], text: string): Promise<string> {
    if (place === 'a caller, getcallerid') {
      const { number, queue } = await client.execute('getcallerid', { extension: '10' });
      assert.deepEqual(queue, { number: null, name: 'Sales' });
      return number === text ? 'unchanged' : String(number);
    }
    const { connections } = await client.poll();
    const [own, one, other] = [connections[1], connections[0], connections.at(-1)];
    assert.deepEqual([one?.id, one?.number, other?.id, other?.number], ['1', '1', '3', '3']);
    assert.deepEqual([own?.id, own?.extension, own?.status], ['2', '10', 'ringing']);
    if (connections.length > 3) return 'one more call';
    assert.equal(own?.recording, 'on');
    const found = textOf(own, place);
    return found === text ? 'unchanged' : text.startsWith(found) ? 'cut off there' : found;
  }

  const textOf = ({ number, queue }: Connection, place: string): string =>
    place === 'a queue’s name' ? (queue?.name ?? '') : number;

  for (const [what, text, but = {}] of texts) {
    it(`is told as it is, or as little else as can be: ${what}`, async () => {
      const row = [what];
      for (const place of places) {
        const made = record[place](text);
        const body =
          place === 'a caller, getcallerid'
            ? made
            : `<html><body>${[first, made, last].join('<br>')}<br></body></html>`;
        const server = await serve((_request, response) => {
          // A lone surrogate has no bytes in UTF-8; these are what careless programs write.
          response.end(
            Buffer.from(Buffer.from(body).toString('latin1').replaceAll('ï¿½ï¿½ï¿½', '\xed\xa0\x80'), 'latin1'),
          );
          return undefined;
        });
        const result = await told(connect(server), place, text);
        assert.equal(result, but[place] ?? 'unchanged', place);
        row.push(result);
      }
      rows.push(row);
    });
  }

  after(() => {
    report('hostile', {
      position: 70,
      title: 'Hostile texts',
      text:
        'A caller chooses the number that is shown, and somebody named the queues. The nodes report such a text ' +
        'unchanged, or cut it off, and it changes nothing in the calls beside it. The exception is a text that ' +
        'makes the call list identical to a list with one more call. That needs a telephone line that lets ' +
        'letters and `<br>` through as a number. The editor and the simulator’s page show all of it as text, ' +
        'which `test/editor/hostile.spec.ts` and `test/simulator/page.spec.ts` check.',
      figures: { 'Texts tried': rows.length * places.length },
      table: { columns: ['', ...places], rows },
    });
  });
});
