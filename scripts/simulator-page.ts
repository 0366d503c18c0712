import { join } from 'node:path';
import sharp from 'sharp';
import { startSimulator } from '../simulator';
import { launchBrowser } from '../support/browser';
import pbx from './pbx.json';

/** So that the last call is still being made. */
const delay = 60_000;

/** Makes the picture of the simulator's page, on its default port. */
export async function shootSimulatorPage(images: string): Promise<void> {
  const simulator = await startSimulator({ port: 8889, pbx, delay });
  const browser = await launchBrowser();
  try {
    const { pbx: phones, url } = simulator;
    const legOf = (extension: string): string => phones.connectionsOf(extension).at(-1)?.id ?? '';
    const page = await browser.newPage({ viewport: { width: 1280, height: 640 }, locale: 'en-US' });
    await page.goto(simulator.controlUrl);
    phones.inbound({ extension: '10', number: '+4915112345678' });
    phones.answer(legOf('10'));
    await fetch(`${url}/record/10/0`);
    phones.inbound({ extension: '11', number: '+493023125111' });
    phones.answer(legOf('11'));
    phones.hold(legOf('11'));
    phones.inbound({ queue: '8000', number: '+442079460123' });
    for (const path of ['/showallcalls', '/dnregs/12']) await fetch(url + path);
    fetch(`${url}/makecall/12/+493023125555/Soft`).catch(() => undefined);
    await page.getByText('waiting…').waitFor();
    const picture = await page.screenshot({ animations: 'disabled' });
    await sharp(picture).png({ palette: true, effort: 10 }).toFile(join(images, 'simulator.png'));
  } finally {
    await browser.close();
    await simulator.close();
  }
}
