import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { nodeRed5 } from './node-red-5';

/** The serious and critical findings of axe in a form. The page must have evaluated axe's source. */
export async function serious(page: Page, form: string): Promise<string[]> {
  const { violations } = await page.evaluate<AxeResults>(`axe.run('${form}', { resultTypes: ['violations'] })`);
  return (
    violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map((node) => ({ id, ...node })))
      // Node-RED's own fields that keep the browser from filling in passwords have no label.
      .filter(({ id, html }) => id !== 'label' || !html.includes('id="red-ui-trap-'))
      .map(({ id, html, failureSummary }) => `${id}: ${html} ${failureSummary?.split('\n')[1] ?? ''}`)
  );
}

/** Node-RED 4.1 has no dark mode, but themes for it change the same variables as that of 5.0. */
export async function darkOfNodeRed5(): Promise<string> {
  const { red } = await nodeRed5();
  const client = createRequire(red).resolve('@node-red/editor-client/package.json');
  const css = await readFile(join(dirname(client), 'public/red/style.min.css'), 'utf8');
  const variables = /html\.nr-theme-dark\{([^}]*)\}/.exec(css)?.[1] ?? '';
  return `@media (prefers-color-scheme: dark) { :root { ${variables} } }`;
}
