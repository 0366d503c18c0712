import assert from 'node:assert/strict';
import { decode } from '../../lib/http-api/charset';
import { connect, endAll, serve } from './support';

const bytes = (latin1: string): Buffer => Buffer.from(latin1, 'latin1');

describe('The character set of an answer', () => {
  afterEach(endAll);

  for (const [type, body, text] of [
    ['text/html; charset=ISO-8859-1', bytes('S\xfcd'), 'Süd'],
    ['text/html;charset="iso-8859-1"', bytes('S\xfcd'), 'Süd'],
    ['text/plain; charset=windows-1252', bytes('S\xfcd \x80 \x84 \x93 \x9f \xff'), 'Süd € „ “ Ÿ ÿ'],
    ['text/plain; Charset=CP1252; x=1', bytes('\x80'), '€'],
    ['text/plain; charset=utf-8', Buffer.from('Süd €'), 'Süd €'],
    ['text/plain; charset=UTF8', Buffer.from('Süd €'), 'Süd €'],
    ['text/plain; charset=utf-16le', Buffer.from('Süd €', 'utf16le'), 'Süd €'],
    ['text/plain; charset=klingon', Buffer.from('Süd €'), 'Süd €'],
    ['text/plain; charset=', Buffer.from('Süd €'), 'Süd €'],
    ['text/html', Buffer.from('Süd €'), 'Süd €'],
    [undefined, Buffer.from('Süd €'), 'Süd €'],
    [undefined, Buffer.from('\uFEFFSüd'), 'Süd'],
  ] as const) {
    it(`${type ?? 'without a type'}: is read as ${JSON.stringify(text)}`, () => {
      assert.equal(decode(body, type), text);
    });
  }

  it('windows-1252: has every character from 0x80 to 0xff', () => {
    const all = Uint8Array.from({ length: 128 }, (_, at) => 0x80 + at);
    const text = decode(all, 'text/plain; charset=windows-1252');
    assert.ok(text.startsWith('€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ\xa0¡'), text);
    assert.equal(text.slice(32), bytes(Buffer.from(all).toString('latin1')).toString('latin1').slice(32));
  });

  for (const charset of ['ISO-8859-1', 'windows-1252']) {
    it(`${charset}: a queue keeps its name`, async () => {
      const server = await serve((_request, response) => {
        response.setHeader('Content-Type', `text/html; charset=${charset}`);
        response.end(bytes('Queue: S\xfcd Anrufer: +4930111'));
        return undefined;
      });
      const { queue } = await connect(server).execute('getcallerid', { extension: '10' });
      assert.deepEqual(queue, { number: null, name: 'Süd' });
    });
  }
});
