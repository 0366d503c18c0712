import assert from 'node:assert/strict';
import type { Browser, Locator } from 'playwright-core';
import type { Contact } from '../../lib/pbx';
import { launchBrowser } from '../../support/browser';
import { Editor } from '../../support/editor';
import { type NodeRed, startNodeRed } from '../../support/node-red';

const script = '<img src="x" onerror="window.hacked = 1">';
const fixed = (name: string, value: string): object => ({ [name]: value, [`${name}Type`]: 'str' });
const card = [
  ...['BEGIN:VCARD', 'VERSION:3.0', 'FN:Grandma', 'TEL;TYPE=CELL:+49 151 12345678', 'TEL;TYPE=HOME:030/123456'],
  ...['END:VCARD', ''],
].join('\r\n');

const connections: Record<string, object> = {
  bare: {},
  named: {
    version: 1,
    country: 'DE',
    names: [
      { number: '10', name: 'Anna' },
      { number: '11', name: 'Ben' },
    ],
  },
  hostile: { country: script, names: [{ number: '10', name: script }, { number: script, name: script }, 'x', null] },
  odd: { names: 'Anna' },
  many: { names: Array.from({ length: 1_000 }, (_, index) => ({ number: `${1_000 + index}`, name: `Name ${index}` })) },
};
const flows = [
  { id: 'tab', type: 'tab', label: 'test' },
  ...Object.entries(connections).map(([id, properties]) => ({ id, type: '3cx-config', name: id, ...properties })),
  ...Object.keys(connections).map((server, index) => ({
    ...{ id: `call-${server}`, z: 'tab', type: '3cx-call-control', server, operation: 'makecall', wires: [[], []] },
    ...{ ...fixed('extension', '10'), ...fixed('destination', '0151 12345678'), x: 300, y: 60 + 60 * index },
  })),
  {
    ...{ id: 'watch', z: 'tab', type: '3cx-call-monitor', server: 'named', operation: 'watch', extensions: '11' },
    ...{ x: 300, y: 400, wires: [[]] },
  },
];

describe('The names of a connection, in the editor,', function () {
  this.timeout(60_000);
  let nodeRed: NodeRed;
  let browser: Browser;
  let editor: Editor;

  before(async function () {
    this.timeout(600_000); // a browser may have to be installed first
    nodeRed = await startNodeRed({ flows });
    browser = await launchBrowser();
    editor = await Editor.open(browser, nodeRed.url);
  });
  after(async () => {
    await (browser as Browser | undefined)?.close();
    await (nodeRed as NodeRed | undefined)?.stop();
  });
  afterEach(async () => {
    assert.equal(await editor.ask('window.hacked'), undefined);
    assert.equal(await editor.ask(`$('img[src="x"]').length`), 0);
    assert.deepEqual(editor.problems, []);
  });

  const list = (): Locator => editor.connectionForm().locator('#threecx-names');
  const fields = (kind: 'number' | 'name'): Locator => list().locator(`.threecx-name-${kind}`);
  const result = (): Promise<string> => editor.connectionForm().locator('.threecx-names-result').innerText();
  const area = (): Locator => editor.connectionForm().locator('#threecx-names-paste');
  /** The rows of the list. */
  const shown = (): Promise<unknown> =>
    editor.ask(`$('#threecx-names .threecx-name').toArray()
      .map((row) => $(row).find('input').toArray().map((field) => field.value).join(': '))`);
  const saved = async (id: string): Promise<Contact[] | undefined> =>
    (await editor.ask(`RED.nodes.node('${id}').names`)) as Contact[] | undefined;
  const labelOf = (id: string): Promise<unknown> => editor.ask(`RED.utils.getNodeLabel(RED.nodes.node('${id}'))`);
  const valid = (id: string): Promise<unknown> => editor.ask(`RED.nodes.node('${id}').valid`);

  async function open(connection: string): Promise<void> {
    await editor.edit(`call-${connection}`);
    await editor.openConnection('edit');
  }
  async function close(button: 'ok' | 'cancel' = 'ok'): Promise<void> {
    await editor.closeConnection(button);
    await editor.close('cancel');
  }
  /** As a browser does it for Ctrl+V: what no listener takes goes into the field. */
  async function paste(field: Locator, text: string): Promise<void> {
    await field.focus();
    const isLeft = await field.evaluate((element, pasted) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text/plain', pasted);
      return element.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    }, text);
    if (isLeft) await editor.page.keyboard.insertText(text);
  }

  it('are typed row by row, and saved', async () => {
    await open('bare');
    for (const [index, { number, name }] of [
      { number: ' 10 ', name: 'Anna' },
      { number: '+49 (0)151 / 123 456 78', name: 'Grandma' },
    ].entries()) {
      await editor.connectionForm().locator('.red-ui-editableList-addButton').click();
      // The new row has the focus.
      await editor.page.keyboard.type(number);
      await editor.page.keyboard.press('Tab');
      await editor.page.keyboard.type(name);
      assert.equal(await fields('name').count(), index + 1);
    }
    // A row without text is no entry.
    await editor.connectionForm().locator('.red-ui-editableList-addButton').click();
    await close();
    assert.deepEqual(await saved('bare'), [
      { number: '10', name: 'Anna' },
      { number: '+49 (0)151 / 123 456 78', name: 'Grandma' },
    ]);
    assert.equal(await valid('bare'), true);
  });

  it('are pasted from a spreadsheet, and existing numbers get their new names', async () => {
    await open('named');
    assert.deepEqual(await shown(), ['10: Anna', '11: Ben']);
    await paste(area(), 'Number\tName\n12\tCem\n11\tBenjamin\n+49 30 111\tThe school\nnobody\t\n');
    assert.deepEqual(await shown(), ['10: Anna', '11: Benjamin', '12: Cem', '+49 30 111: The school']);
    assert.equal(await result(), '3 names taken. 1 line without a number or a name was left out.');
    assert.equal(await area().inputValue(), '');
    await paste(fields('number').first(), '13;Doro\n14;Emil');
    assert.deepEqual(((await shown()) as string[]).slice(4), ['13: Doro', '14: Emil']);
    assert.equal(await result(), '2 names taken.');
    await close('cancel');
    assert.equal((await saved('named'))?.length, 2);
  });

  it('are pasted from a vCard', async () => {
    await open('named');
    await paste(area(), card);
    assert.deepEqual(await shown(), ['10: Anna', '11: Ben', '+49 151 12345678: Grandma', '030/123456: Grandma']);
    assert.equal(await result(), '2 names taken.');
    await close();
    assert.equal((await saved('named'))?.length, 4);
  });

  it('stay unchanged when a pasted text contains no number, and the text stays in the field', async () => {
    await open('named');
    const before = await shown();
    await paste(area(), 'Grandma has no number');
    await area().blur();
    assert.equal(await area().inputValue(), 'Grandma has no number');
    assert.equal(await result(), 'No number with a name was found.');
    await area().fill('20, Grandpa');
    await area().blur();
    assert.deepEqual(await shown(), [...(before as string[]), '20: Grandpa']);
    await paste(fields('name').first(), ' Maria');
    assert.equal(await fields('name').first().inputValue(), 'Anna Maria');
    await close('cancel');
  });

  it('are shown in the labels of nodes, and change with the connection', async () => {
    assert.equal(await labelOf('call-named'), 'call 0151 12345678 from 10 Anna');
    assert.equal(await labelOf('watch'), 'watch 11 Ben');
    const text = editor.page.locator('[id="watch"] .red-ui-flow-node-label-text');
    await text.getByText('watch 11 Ben', { exact: true }).waitFor();
    await open('named');
    await fields('name').nth(1).fill('Benjamin Bartholomew von Muster');
    await close();
    await text.getByText('watch 11 Benjamin Bartholome…', { exact: true }).waitFor();
  });

  it('are marked if a number cannot be called, or has no name', async () => {
    await open('named');
    const marks = (): Promise<unknown> =>
      editor.ask(`$('#threecx-names input').toArray().map((field) => field.getAttribute('aria-invalid')).join(' ')`);
    assert.doesNotMatch(String(await marks()), /true/);
    await fields('number').first().fill('no number');
    await fields('name').nth(1).fill(' ');
    assert.match(String(await marks()), /^true false false true/);
    await close();
    assert.equal(await valid('named'), false);
    await open('named');
    await fields('number').first().fill('10');
    await fields('name').nth(1).fill('Ben');
    await close();
    assert.equal(await valid('named'), true);
  });

  it('are removed', async () => {
    await open('named');
    await list().locator('.red-ui-editableList-item-remove').nth(1).click();
    await editor.page.waitForFunction(`$('#threecx-names .threecx-name').length === 3`);
    await close();
    assert.deepEqual(
      (await saved('named'))?.map(({ number }) => number),
      ['10', '+49 151 12345678', '030/123456'],
    );
  });

  it('are shown as text, whatever they are', async () => {
    await open('hostile');
    assert.deepEqual(await shown(), [`10: ${script}`, `${script}: ${script}`, ': ', ': ']);
    await paste(area(), `12\t${script}`);
    await close();
    assert.equal((await saved('hostile'))?.at(-1)?.name, script);
    assert.equal(await labelOf('call-hostile'), `call 0151 12345678 from 10 ${script.slice(0, 19)}…`);
    await open('odd');
    assert.deepEqual(await shown(), []);
    await close('cancel');
    assert.equal(await valid('odd'), false);
    // The sidebar reads the reason as HTML.
    await editor.ask(`RED.actions.invoke('core:show-config-tab')`);
    await editor.page.locator('.red-ui-palette-node-config-invalid .red-ui-flow-node-error').first().hover();
    await editor.page.locator('.red-ui-popover').first().waitFor();
  });

  it('can be a thousand, which the dialog shows while it is already used, without losing any', async () => {
    await open('many');
    await editor.setConnection({ name: 'many people' });
    await paste(area(), '5000;somebody else');
    await close();
    const names = (await saved('many')) ?? [];
    assert.equal(names.length, 1_001);
    assert.deepEqual([names[999]?.name, names.at(-1)?.name], ['Name 999', 'somebody else']);
    await open('many');
    await editor.page.waitForFunction(`$('#threecx-names .threecx-name').length === 1001`);
    await paste(area(), Array.from({ length: 1_000 }, (_, index) => `${6_000 + index}\tMore ${index}`).join('\n'));
    await close();
    assert.equal((await saved('many'))?.length, 2_001);
  });

  it('do not change a flow without names', async () => {
    await editor.importNodes([{ id: 'untouched', type: '3cx-config', name: 'untouched', url: 'http://pbx.example' }]);
    await editor.ask(`RED.editor.editConfig('', '3cx-config', 'untouched')`);
    await editor.connectionForm().locator('#node-config-input-url').waitFor();
    await editor.closeConnection();
    assert.equal(await saved('untouched'), undefined);
  });

  it('have a country, offered by its name, or in two letters', async () => {
    await open('bare');
    const field = editor.connectionForm().locator('#node-config-input-country');
    await field.fill('');
    await field.pressSequentially('germ');
    await editor.page.locator('.red-ui-autoComplete-container:visible li').getByText('Germany (DE)').click();
    assert.equal(await field.inputValue(), 'DE');
    await close();
    assert.equal(await valid('bare'), true);
    assert.equal(await editor.ask(`RED.nodes.node('bare').country`), 'DE');
    for (const [country, isGood] of [
      ['XX', false],
      ['at', true],
      ['${COUNTRY}', true],
      ['', true],
    ] as const) {
      await editor.ask(`RED.nodes.node('bare').country = ${JSON.stringify(country)}`);
      assert.equal(await editor.ask(`RED.editor.validateNode(RED.nodes.node('bare'))`), isGood, country);
    }
  });
});
