import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import sharp from 'sharp';
import { type Simulator, startSimulator } from '../simulator';
import { Editor } from '../support/editor';
import { type FlowNode, readExample } from '../support/examples';
import { startNodeRed } from '../support/node-red';
import { nodeRed5 } from '../support/node-red-5';
import { until } from '../support/until';
import pbx from './pbx.json';

const caller = '+4915112345678';
/** The lowest height in pixels: enough for the words, while the picture stays small. */
const lowest = 480;

/** The actions on the phones, and the line in the sidebar to wait for. */
type Step = [act: (simulator: Simulator) => unknown, line: string];

interface Use {
  file: string;
  example: string;
  names?: { number: string; name: string }[];
  /** Of the editor, in pixels. */
  width: number;
  height?: number;
  steps: Step[];
  /** Beside the editor: the simulator's page. */
  withPhones?: boolean;
  /** Replaces the debug messages in the sidebar. */
  tab?: string;
}

const answer = ({ pbx: phones }: Simulator, extension: string): unknown =>
  phones.answer(phones.connectionsOf(extension).at(-1)?.id ?? '');

const uses: Use[] = [
  {
    file: 'in-use.png',
    example: '14 home - missed call to a message.json',
    names: [{ number: caller, name: 'Grandma' }],
    width: 1000,
    steps: [
      [({ pbx: phones }) => phones.inbound({ extension: '10', number: '+4930123456' }), ''],
      [({ pbx: phones }) => phones.clearCalls(), 'Missed call from +4930123456'],
      [({ pbx: phones }) => phones.inbound({ queue: '8000', number: caller }), ''],
      [({ pbx: phones }) => phones.clearCalls(), `Missed call from Grandma (${caller}) for Support`],
    ],
  },
  {
    file: 'events.png',
    example: '00 start here.json',
    width: 900,
    withPhones: true,
    steps: [
      [({ pbx: phones }) => phones.inbound({ extension: '10', number: caller }), `${caller} rings at 10 Anna`],
      [(simulator) => answer(simulator, '10'), `10 Anna talks with ${caller}`],
      [({ pbx: phones }) => phones.inbound({ extension: '11', number: '+4930123456' }), '+4930123456 rings at 11 Ben'],
      [
        ({ pbx: phones }) => phones.hangup(phones.connectionsOf('11').at(-1)?.id ?? ''),
        'Nobody took the call from +4930123456',
      ],
      [({ pbx: phones }) => phones.makeCall('12', '100'), '12 Carla rings at 100 David'],
    ],
  },
  {
    file: 'panel.png',
    example: '00 start here.json',
    names: [{ number: caller, name: 'Grandma' }],
    width: 1000,
    height: 900,
    tab: 'threecx-panel',
    steps: [
      [({ pbx: phones }) => phones.inbound({ extension: '10', number: caller }), ''],
      [(simulator) => answer(simulator, '10'), 'talking'],
    ],
  },
];

/** Makes pictures of examples at work in Node-RED 5, with names for the simulator's numbers. */
export async function shootInUse(browser: Browser, folder: string): Promise<void> {
  for (const use of uses) await shootUse(browser, folder, use);
}

async function shootUse(
  browser: Browser,
  folder: string,
  { file, width, height = lowest, steps, ...use }: Use,
): Promise<void> {
  const simulator = await startSimulator({ pbx, delay: 0 });
  const names = [...pbx.extensions.map(({ number, name }) => ({ number, name })), ...(use.names ?? [])];
  const atSimulator = (node: FlowNode): FlowNode =>
    node.type === '3cx-config' ? { ...node, names, url: simulator.url } : node;
  const nodeRed = await startNodeRed({ ...(await nodeRed5()), flows: readExample(use.example).map(atSimulator) });
  try {
    const editor = await Editor.open(browser, nodeRed.url);
    const { page } = editor;
    await page.setViewportSize({ width, height });
    await editor.ask(`RED.actions.invoke('core:toggle-left-sidebar')`);
    await page.addStyleTag({ content: '.red-ui-workspace-chart-grid { display: none !important; }' });
    // The other tabs of the sidebar make room for the one in the picture.
    await page.locator('button[data-tab-id="info"]').click();
    if (use.tab !== undefined) {
      await editor.ask(`RED.sidebar.show('${use.tab}')`);
      await page.locator('button[data-tab-id="debug"]').click();
    }
    await page.mouse.move(width / 2, 20);
    await editor.ask('document.activeElement.blur()');
    const pages = [page];
    if (use.withPhones === true) {
      pages.unshift(await browser.newPage({ viewport: { width: 760, height }, locale: 'en-US' }));
      await pages[0]?.goto(simulator.controlUrl);
    }
    await until(() => simulator.requests.filter(({ path }) => path === '/showallcalls').length >= 2, 'the first polls');
    for (const [act, line] of steps) {
      const seen = simulator.requestCount;
      act(simulator);
      await until(() => simulator.requestCount > seen + 1, 'the next polls');
      if (line === '') continue;
      const shown =
        use.tab === undefined ? message(page, line) : page.locator('.threecx-panel').getByText(line).first();
      await shown.waitFor();
    }
    await sideBySide(browser, pages, join(folder, file));
    for (const one of pages) await one.close();
  } finally {
    await nodeRed.stop();
    await simulator.close();
  }
}

function message(page: Page, line: string): Locator {
  return page.locator('.red-ui-debug-msg-type-string', { hasText: `"${line}"` }).first();
}

async function sideBySide(browser: Browser, pages: readonly Page[], path: string): Promise<void> {
  const images: string[] = [];
  let width = 20;
  const heights = pages.map((page) => page.viewportSize()?.height ?? 0);
  for (const page of pages) {
    const image = (await page.screenshot({ animations: 'disabled' })).toString('base64');
    images.push(`<img src="data:image/png;base64,${image}" style="display: block; border-radius: 8px">`);
    width += (page.viewportSize()?.width ?? 0) + 20;
  }
  const page = await browser.newPage({ viewport: { width, height: Math.max(...heights) + 40 } });
  await page.setContent(
    `<body style="display: flex; gap: 20px; margin: 20px; background: #8894a8">${images.join('')}</body>`,
  );
  await sharp(await page.screenshot())
    .png({ palette: true, effort: 10 })
    .toFile(path);
  await page.close();
}
