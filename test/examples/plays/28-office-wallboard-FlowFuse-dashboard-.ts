import assert from 'node:assert/strict';
import { launchBrowser } from '../../../support/browser';
import type { Stage } from '../stage';

export async function play({ simulator, ...stage }: Stage): Promise<void> {
  const { pbx } = simulator;
  const html = '<img src=x onerror=alert(1)>';
  await stage.deploy((node) => (node.name === 'every second' ? { ...node, repeat: '0.1' } : node));
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(10_000);
    await page.goto(`${stage.nodeRed}/dashboard/wallboard`);
    const shows = (text: string): Promise<void> => page.getByText(text, { exact: true }).first().waitFor();
    await shows('0 phones in a call');
    await shows('0 missed today');
    pbx.inbound({ extension: '10', number: html });
    await shows(html);
    await shows('ringing');
    pbx.answer(stage.connectionAt('10'));
    await shows('talks');
    await shows('1 phone in a call');
    pbx.clearCalls();
    await shows('0 phones in a call');
    pbx.inbound({ queue: '8000', number: html });
    await shows('Support: Süd; EU');
    await shows('4 phones in a call');
    pbx.clearCalls();
    await shows('1 missed today');
    await shows(html);
    assert.equal(await page.locator('img[src=x]').count(), 0);
    await simulator.close();
    await shows('No answer from the phone system (unreachable)');
  } finally {
    await browser.close();
  }
}
