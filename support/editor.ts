import type { Browser, Locator, Page, Request } from 'playwright-core';

/** Waits for a dialog: it slides in and then draws the focus to its first field, so a click before may go astray. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(`(() => {
    const tray = $('.red-ui-tray').last()[0];
    return tray.contains(document.activeElement) && tray.getAnimations().length === 0;
  })()`);
}

/** Did the page go away, or load again, before the answer came? */
export function isCancelled(request: Request): boolean {
  return request.failure()?.errorText === 'net::ERR_ABORTED';
}

/** A menu that is clicked while it still slides open would go on to open, and cover what is clicked next. */
export async function withoutAnimations(page: Page): Promise<void> {
  await page.evaluate('$.fx.off = true');
}

/** Which browser the editor is opened in. */
export interface EditorOptions {
  /** The language of the browser. */
  locale?: string;
  /** Of a user of `adminAuth`, for the editor's form. */
  login?: { username: string; password: string };
}

/**
 * Node-RED's editor in a browser, as a user has it: with the mouse and the keyboard. Elements are found by their ids and
 * classes, never by words, so that it works in every language.
 */
export class Editor {
  /** The problems so far: errors on the page and in its console, and failed requests. */
  readonly problems: string[] = [];

  private constructor(
    readonly page: Page,
    private readonly url: string,
  ) {}

  /** Opens the editor, logs in if need be, and waits until its flows are there. */
  static async open(browser: Browser, url: string, { locale = 'en-US', login }: EditorOptions = {}): Promise<Editor> {
    const page = await browser.newPage({ viewport: { width: 1500, height: 1000 }, locale, colorScheme: 'light' });
    page.setDefaultTimeout(15_000);
    // Node-RED 5 follows the system's colours when the user wants that; 4.1 has only light ones.
    await page.addInitScript(`localStorage.setItem('view-dark-theme', 'auto')`);
    const editor = new Editor(page, url);
    await page.goto(url);
    if (login !== undefined) {
      await page.locator('#node-dialog-login-username').fill(login.username);
      await page.locator('#node-dialog-login-password').fill(login.password);
      await page.locator('#node-dialog-login-submit').click();
    }
    await editor.ready();
    // From here on: before the log-in the editor is refused its settings, which the console calls an error.
    page.on('pageerror', (error) => editor.problems.push(error.stack ?? error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' || /threecx|3cx|validation error/i.test(message.text())) {
        editor.problems.push(message.text());
      }
    });
    page.on('requestfailed', (request) => {
      if (!isCancelled(request)) editor.problems.push(`failed: ${request.url()}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 400) editor.problems.push(`${response.status()}: ${response.url()}`);
    });
    return editor;
  }

  /** Evaluates an expression in the page. */
  ask(expression: string): Promise<unknown> {
    return this.page.evaluate(expression);
  }

  async reload(): Promise<void> {
    await this.page.goto(this.url);
    await this.ready();
  }

  private async ready(): Promise<void> {
    await this.page.waitForFunction(`window.RED?.nodes?.getType?.('3cx-config') &&
      !$('#red-ui-loading-progress').is(':visible') && RED.workspaces.active()`);
    await withoutAnimations(this.page);
  }

  /** Drags a node from the palette into the workspace, and tells its id. */
  async drag(type: string, x: number, y: number): Promise<string> {
    const entry = this.page.locator(`#red-ui-palette-container .red-ui-palette-node[data-palette-type="${type}"]`);
    await entry.scrollIntoViewIfNeeded();
    const from = await entry.boundingBox();
    const workspace = await this.page.locator('#red-ui-workspace-chart').boundingBox();
    if (from === null || workspace === null) throw new Error(`${type} is not in the palette`);
    const { mouse } = this.page;
    await mouse.move(from.x + from.width / 2, from.y + from.height / 2);
    await mouse.down();
    await mouse.move(workspace.x + x, workspace.y + y, { steps: 5 });
    await mouse.up();
    await this.page.waitForFunction(`RED.view.selection().nodes?.[0]?.type === '${type}'`);
    return String(await this.ask(`RED.view.selection().nodes[0].id`));
  }

  /** The dialog of a node. */
  form(): Locator {
    return this.page.locator('#dialog-form');
  }

  /** Opens the dialog of a node with a double click. */
  async edit(id: string): Promise<void> {
    await this.page.locator(`[id="${id}"] .red-ui-flow-node`).first().dblclick();
    await this.form().locator('#node-input-operation').waitFor();
    await settled(this.page);
  }

  async close(button: 'ok' | 'cancel' = 'ok'): Promise<void> {
    await this.page.locator(`#node-dialog-${button}`).click();
    await this.form().waitFor({ state: 'detached' });
  }

  async chooseOperation(operation: string): Promise<void> {
    await this.form().locator('#node-input-operation').selectOption(operation);
  }

  /** Gives an argument a fixed text, or one of its choices. */
  async setArgument(name: string, value: string): Promise<void> {
    const row = this.form().locator(`[data-threecx-argument="${name}"]`);
    const menu = (option: string): Promise<void> =>
      this.page.locator(`.red-ui-typedInput-options:visible a[value="${option}"]`).click();
    await row.locator('.red-ui-typedInput-type-select').click();
    await menu('str');
    const choice = row.locator('.red-ui-typedInput-option-trigger');
    if (await choice.isVisible()) {
      await choice.click();
      await menu(value);
    } else {
      await row.locator('.red-ui-typedInput-input').fill(value);
      await this.leaveField();
    }
  }

  /** Clicks where no field is: what a field offers would cover those below it. */
  async leaveField(): Promise<void> {
    await this.page.locator('.red-ui-tray-titlebar').last().click();
  }

  /** The dialog of a connection. */
  connectionForm(): Locator {
    return this.page.locator('#node-config-dialog-edit-form');
  }

  /** Opens the dialog of a connection from that of a node: of a new one, or of the chosen one. */
  async openConnection(which: 'add' | 'edit'): Promise<void> {
    await this.page.locator(`#node-input-btn-server-${which}`).click();
    await this.connectionForm().locator('#node-config-input-url').waitFor();
    await settled(this.page);
  }

  /** Opens the part of the connection's dialog that most people never touch. */
  async openAdvanced(): Promise<void> {
    const section = this.connectionForm().locator('.threecx-advanced');
    if ((await section.getAttribute('open')) === null) await section.locator('summary').click();
  }

  /**
   * Fills fields of the connection's dialog, in this order: a text, a choice, or a check box that is to be checked. Opens
   * the part of the dialog that a field is in.
   */
  async setConnection(values: Record<string, string | true>): Promise<void> {
    for (const [name, value] of Object.entries(values)) {
      const field = this.connectionForm().locator(`#node-config-input-${name}`);
      const inAdvanced = this.connectionForm().locator(`.threecx-advanced #node-config-input-${name}`);
      if ((await inAdvanced.count()) > 0) await this.openAdvanced();
      if (value === true) await field.check();
      else if ((await field.and(this.page.locator('select')).count()) > 0) await field.selectOption(value);
      else await field.fill(value);
    }
  }

  /** Clicks the test of the connection, and tells where the verdict stands. */
  async testConnection(): Promise<Locator> {
    const verdict = this.connectionForm().locator('.threecx-verdict');
    await this.connectionForm().locator('.threecx-test button').click();
    await verdict.and(this.page.locator('[data-threecx-verdict]:not([data-threecx-verdict="running"])')).waitFor();
    return verdict;
  }

  /** A suggestion of a field while something is typed into it. */
  suggestion(text: string): Locator {
    return this.page.locator('.red-ui-autoComplete-container:visible li').getByText(text, { exact: true }).first();
  }

  async closeConnection(button: 'ok' | 'cancel' = 'ok'): Promise<void> {
    await this.page.locator(`#node-config-dialog-${button}`).click();
    await this.connectionForm().waitFor({ state: 'detached' });
  }

  /** Wires every output of a node to another node. */
  async wire(from: string, to: string): Promise<void> {
    await this.ask(`((source, target) => {
      for (let sourcePort = 0; sourcePort < source.outputs; sourcePort++) {
        RED.nodes.addLink({ source, sourcePort, target });
      }
      source.changed = true;
      RED.nodes.dirty(true);
    })(RED.nodes.node('${from}'), RED.nodes.node('${to}'))`);
  }

  /** Imports an example from the import menu, as a copy where it was imported before. */
  async importExample(name: string): Promise<void> {
    await this.page.locator('#red-ui-header-button-sidemenu').click();
    await this.page.locator('#menu-item-import').click();
    const tab = 'red-ui-clipboard-dialog-import-tab-examples';
    await this.page.locator(`#red-ui-clipboard-dialog-import-tabs a[href="#${tab}"]`).click();
    const examples = this.page.locator(`#${tab}`);
    const entry = (label: string): Locator =>
      examples.locator('.red-ui-treeList-label', {
        has: this.page.locator(`.red-ui-treeList-label-text:text-is("${label}")`),
      });
    await entry('node-red-contrib-3cx').click();
    await entry(name).click();
    const count = Number(await this.ask(`RED.nodes.getWorkspaceOrder().length`));
    await this.page.locator('#red-ui-clipboard-dialog-ok').click();
    const isThere = (): Promise<unknown> =>
      this.page.waitForFunction(`RED.nodes.getWorkspaceOrder().length > ${count}`);
    const copy = this.page.locator('#red-ui-notifications .ui-dialog-buttonset button').last();
    await Promise.race([isThere(), copy.waitFor()]);
    const isImported = Number(await this.ask(`RED.nodes.getWorkspaceOrder().length`)) > count;
    // Otherwise the button may be that of an offer to install what the flow needs.
    if (!isImported && (await copy.isVisible())) await copy.click();
    await isThere();
  }

  /** Imports nodes as they are, the quick way. */
  async importNodes(nodes: object[]): Promise<void> {
    const options = { addFlow: false, generateIds: false, touchImport: true, notify: false };
    await this.ask(`RED.view.importNodes(${JSON.stringify(nodes)}, ${JSON.stringify(options)})`);
  }

  /** Deploys everything, by the button. */
  async deploy(): Promise<void> {
    await this.page.locator('#red-ui-header-button-deploy').click();
    await this.page.waitForFunction('!RED.nodes.dirty()');
  }

  /** A text in the debug sidebar. */
  debugMessage(text: string): Locator {
    return this.page.locator('.red-ui-debug-msg-payload', { hasText: text }).first();
  }

  async clearDebug(): Promise<void> {
    await this.ask(`RED.actions.invoke('core:clear-debug-messages')`);
  }

  /** Clicks the button of an Inject node, wherever it is. */
  async inject(id: string): Promise<void> {
    await this.ask(`Promise.resolve($.post('inject/${id}'))`);
  }
}
