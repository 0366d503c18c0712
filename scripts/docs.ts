import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import { startSimulator } from '../simulator';
import { type FlowNode, otherModules } from '../support/examples';
import { launchBrowser } from '../support/browser';
import { Editor } from '../support/editor';
import { startNodeRed } from '../support/node-red';
import { nodeRed5 } from '../support/node-red-5';
import { exampleNodes, examples, pagesOfExamples } from './gallery';
import { shootInUse } from './in-use';
import { shootSimulatorPage } from './simulator-page';

const docs = resolve(__dirname, '../docs');
const images = join(docs, 'images');

const connection = { id: 'connection', type: '3cx-config', name: '', url: 'http://127.0.0.1:8889' };
/** The default port of a V20 that is not hosted by 3CX. */
const v20Port = 5001;
const v20Connection = { ...connection, id: 'connection-v20', api: 'v20', url: `http://127.0.0.1:${v20Port}` };
const client = { clientId: '900', clientSecret: 'secret-of-the-simulator' };
const text = (name: string, value: string): object => ({ [name]: value, [`${name}Type`]: 'str' });
const onTab = (id: string, type: string, properties: object): FlowNode => ({
  ...{ id, type, z: 'dialogs', x: 200, server: 'connection', wires: [[], []] },
  ...properties,
});
/** One node of each type, set up as a user would do it. */
const dialogs: FlowNode[] = [
  { id: 'dialogs', type: 'tab', label: 'dialogs' },
  connection,
  v20Connection,
  onTab('call-control', '3cx-call-control', {
    ...{ y: 60, operation: 'makecall' },
    ...text('extension', '10'),
    ...{ destination: 'payload', destinationType: 'msg' },
    ...text('phone', 'Soft'),
  }),
  onTab('agent-status', '3cx-agent-status', {
    ...{ y: 120, operation: 'setstatus' },
    ...text('extension', '10'),
    ...text('profile', 'away'),
  }),
  onTab('recorder', '3cx-recorder', { y: 180, operation: 'start', ...text('extension', '10') }),
  onTab('call-monitor', '3cx-call-monitor', {
    ...{ y: 240, operation: 'watch', events: ['ringing', 'answered', 'ended', 'missed'] },
    ...{ extensions: '10, 20-29', direction: 'inbound', scope: 'any', queues: '', number: '', minRing: 2000 },
    ...{ initial: false, split: true, outputs: 4, wires: [[], [], [], []] },
  }),
];

/**
 * `npm run docs`: makes the pictures of the dialogs, the example flows, flows at work and the simulator's page, and writes
 * the lists of examples.
 */
async function main(): Promise<void> {
  rmSync(images, { recursive: true, force: true });
  mkdirSync(images);
  const simulator = await startSimulator({ port: 8889, v20: { port: v20Port, ...client } });
  const nodeRed = await startNodeRed({
    ...(await nodeRed5()),
    flows: [...dialogs, ...exampleNodes()],
    credentials: { [v20Connection.id]: client },
    modules: otherModules,
  });
  const browser = await launchBrowser();
  try {
    const editor = await Editor.open(browser, nodeRed.url);
    await editor.page.setViewportSize({ width: 2000, height: 1400 });
    await editor.page.addStyleTag({
      content: `
        /* Hides all that differs from run to run, or surrounds a flow. */
        .red-ui-flow-node-status-group, .red-ui-workspace-chart-grid, #red-ui-palette { display: none !important; }
        #red-ui-workspace { border: none !important; }
        #red-ui-main-container { background: white !important; }
        /* As high as its contents. */
        .red-ui-tray-body form { height: auto !important; min-height: 0 !important; }`,
    });
    for (const { id, slug } of examples()) await shootFlow(editor, id, `example-${slug}`);
    for (const id of ['call-control', 'agent-status', 'recorder', 'call-monitor']) await shootDialog(editor, id);
    await shootConnection(editor, connection.id, 'dialog-connection');
    await shootConnection(editor, v20Connection.id, 'dialog-connection-v20');
    await shootInUse(browser, images);
  } finally {
    await browser.close();
    await nodeRed.stop();
    await simulator.close();
  }
  await shootSimulatorPage(images);
  for (const [file, page] of Object.entries(await pagesOfExamples())) writeFileSync(join(docs, file), page);
}

/** Makes a picture of the contents of a tab, without its surroundings. */
async function shootFlow(editor: Editor, tab: string, name: string): Promise<void> {
  await editor.ask(`RED.workspaces.show('${tab}')`);
  await editor.page.waitForFunction(
    `RED.nodes.filterNodes({ z: '${tab}' }).every(({ id }) => document.getElementById(id) !== null)`,
  );
  await shoot(editor, name, '#red-ui-workspace-chart :is(.red-ui-flow-node-group, .red-ui-flow-group)', 10);
}

async function shootDialog(editor: Editor, id: string): Promise<void> {
  await editor.ask(`RED.workspaces.show('dialogs')`);
  await editor.edit(id);
  await shoot(editor, `dialog-${id}`, '.red-ui-tray-titlebar, #dialog-form');
  await editor.close('cancel');
}

async function shootConnection(editor: Editor, id: string, name: string): Promise<void> {
  await editor.edit('call-control');
  await editor.form().locator('#node-input-server').selectOption(id);
  await editor.openConnection('edit');
  // The editor may fetch credentials before it opens the dialog.
  await editor.page.waitForFunction(
    `$('#node-config-input-api').val() === 'http' || $('#node-config-input-clientId').val()`,
  );
  await editor.testConnection();
  const form = '#node-config-dialog-edit-form';
  await shoot(editor, name, `.red-ui-tray:has(${form}) .red-ui-tray-titlebar, ${form}`);
  if (id === connection.id) {
    await editor.openAdvanced();
    await shoot(editor, `${name}-advanced`, '.threecx-advanced');
    // For the next picture.
    await editor.connectionForm().locator('.threecx-advanced summary').click();
  }
  await editor.closeConnection('cancel');
  await editor.close('cancel');
}

/** Makes a picture of the elements that a selector finds and everything between them, with a margin in pixels. */
async function shoot({ page }: Editor, name: string, selector: string, margin = 0): Promise<void> {
  const boxes = await page
    .locator(selector)
    .evaluateAll((elements) =>
      elements.map((element) => element.getBoundingClientRect()).filter(({ width, height }) => width > 0 && height > 0),
    );
  const x = Math.min(...boxes.map(({ left }) => left)) - margin;
  const y = Math.min(...boxes.map(({ top }) => top)) - margin;
  const width = Math.max(...boxes.map(({ right }) => right)) + margin - x;
  const height = Math.max(...boxes.map(({ bottom }) => bottom)) + margin - y;
  const picture = await page.screenshot({ animations: 'disabled', clip: { x, y, width, height } });
  // The picture is a third as large, without a visible difference.
  await sharp(picture)
    .png({ palette: true, effort: 10 })
    .toFile(join(images, `${name}.png`));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
