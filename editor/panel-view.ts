import {
  type CallRow,
  type ConnectionRow,
  type ExtensionRow,
  keyOf,
  type PanelError,
  type PanelEvent,
  panelKeeps,
  type PanelRow,
  type PanelUpdate,
} from '../lib/pbx';
import { ask, showTest } from './connection-test';
import { addMonitor, type MonitorFields, prepareDrag } from './panel-flow';
import { make, PanelList } from './panel-list';
import {
  callDetailsOf,
  detailsOf,
  duration,
  factsOf,
  fieldsOf,
  healthOf,
  partiesOf,
  say,
  stateWord,
  timeOf,
} from './panel-words';

const byNumber = new Intl.Collator(undefined, { numeric: true });

/** The panel's lists, as the runtime reports their rows. */
export class PanelView {
  private readonly message = make('div', 'threecx-message');
  private readonly chooser = document.createElement('select');
  private readonly search = document.createElement('input');
  private readonly busyOnly = checkBox();
  private readonly counts: (() => void)[] = [];
  private readonly connections: PanelList<ConnectionRow>;
  private readonly extensions: PanelList<ExtensionRow>;
  private readonly calls: PanelList<CallRow>;
  private readonly events: PanelList<PanelEvent>;
  private readonly errors: PanelList<PanelError>;
  /** The connection that was chosen; it may just be redeployed. */
  private wanted = '';
  /** Up to when the events of each connection were cleared: they may come again with everything. */
  private readonly cleared = new Map<string, string>();
  /** The events that came since the list was paused; null while it is not. */
  private held: PanelEvent[] | null = null;
  /** How much the clock of the runtime is ahead, in ms. */
  private ahead = 0;

  constructor(private readonly content: HTMLElement) {
    const drag = prepareDrag();
    const isChosen = ({ connection }: { connection: string }): boolean => connection === this.chosen;
    this.connections = new PanelList(say('threecx.panel.connections'), {
      draw: drawConnection,
      compare: byName,
      isShown: () => true,
      empty: say('threecx.panel.no-connections'),
    });
    this.extensions = new PanelList(say('threecx.panel.extensions'), {
      draw: (row, element) => this.drawExtension(row, element),
      compare: (a, b) => byNumber.compare(a.extension, b.extension),
      isShown: (row) => isChosen(row) && this.isFound(row),
      empty: say('threecx.panel.no-extensions'),
      add: (row) => addMonitor(monitorOf(row)),
      drag: (row) => drag(monitorOf(row)),
    });
    this.calls = new PanelList<CallRow>(say('threecx.panel.calls'), {
      draw: (row, element) => this.drawCall(row, element),
      compare: (a, b) => a.startedAt.localeCompare(b.startedAt),
      isShown: isChosen,
      empty: say('threecx.panel.no-calls'),
    });
    this.events = new PanelList(say('threecx.panel.events'), {
      draw: drawEvent,
      compare: (a, b) => b.at.localeCompare(a.at) || b.payload.seq - a.payload.seq,
      isShown: isChosen,
      empty: say('threecx.panel.no-events'),
      choose: ({ payload }, element) =>
        RED.clipboard.copyText(JSON.stringify(payload, null, 2), $(element), 'clipboard.copyMessageValue'),
      add: (row) => addMonitor(monitorOf(row)),
      drag: (row) => drag(monitorOf(row)),
    });
    this.errors = new PanelList(say('threecx.panel.errors'), {
      draw: drawError,
      compare: (a, b) => b.at.localeCompare(a.at),
      isShown: () => true,
      empty: say('threecx.panel.no-errors'),
    });
    this.build();
  }

  /** Shows a sentence in place of everything, and everything again without one. */
  show(message: string): void {
    this.message.textContent = message;
    this.content.classList.toggle('threecx-away', message !== '');
  }

  update({ isWhole, now, rows, gone, events, errors }: PanelUpdate): void {
    this.ahead = Date.parse(now) - Date.now();
    const lists = { connection: this.connections, extension: this.extensions, call: this.calls };
    const listOf = (key: string): PanelList<PanelRow> =>
      lists[key.split('/', 1)[0] as keyof typeof lists] as unknown as PanelList<PanelRow>;
    if (isWhole) for (const list of Object.values(lists)) list.deleteWhere((row) => !(keyOf(row) in rows));
    for (const key of gone) listOf(key).delete(key);
    for (const [key, row] of Object.entries(rows)) listOf(key).set(key, row);
    if (this.held === null) this.addEvents(events);
    else this.held = [...this.held, ...events];
    for (const error of errors) this.errors.set(`${error.at} ${error.node} ${error.message}`, error);
    keepNewest(this.errors, panelKeeps.errors);
    this.refresh();
  }

  /** Another second has passed. */
  tick(): void {
    const now = Date.now() + this.ahead;
    for (const element of this.content.querySelectorAll<HTMLElement>('[data-threecx-since]')) {
      element.textContent = duration(now - Date.parse(element.dataset.threecxSince ?? ''));
    }
  }

  private get chosen(): string {
    const rows = this.connections.all().sort(byName);
    return (rows.find(({ connection }) => connection === this.wanted) ?? rows[0])?.connection ?? '';
  }

  private isFound({ extension, name, state }: ExtensionRow): boolean {
    if (this.busyOnly.checked && (state === null || state === 'idle')) return false;
    const text = this.search.value.trim().toLowerCase();
    return extension.startsWith(text) || (name ?? '').toLowerCase().includes(text);
  }

  private addEvents(events: readonly PanelEvent[]): void {
    for (const event of events) {
      if (event.at <= (this.cleared.get(event.connection) ?? '')) continue;
      this.events.set(`${event.connection} ${event.at} ${event.payload.seq}`, event);
    }
    for (const { connection } of this.connections.all()) {
      keepNewest(this.events, panelKeeps.events, (event) => event.connection === connection);
    }
  }

  private refresh(): void {
    const rows = this.connections.all().sort(byName);
    const { chooser, chosen } = this;
    chooser.replaceChildren(...rows.map((row) => new Option(nameOf(row), row.connection)));
    chooser.value = chosen;
    chooser.closest('label')?.toggleAttribute('hidden', rows.length < 2);
    for (const list of [this.connections, this.extensions, this.calls, this.events, this.errors]) list.refresh();
    for (const count of this.counts) count();
    this.tick();
  }

  private build(): void {
    const { chooser, search, busyOnly } = this;
    this.message.setAttribute('role', 'status');
    chooser.addEventListener('change', () => {
      this.wanted = chooser.value;
      this.refresh();
    });
    search.type = 'search';
    search.placeholder = say('threecx.panel.search');
    search.setAttribute('aria-label', search.placeholder);
    search.addEventListener('input', () => this.refresh());
    busyOnly.addEventListener('change', () => this.refresh());
    const pause = button('threecx.panel.pause', 'pause', () => {
      const events = this.held;
      this.held = events === null ? [] : null;
      pause.setAttribute('aria-pressed', String(events === null));
      pause.classList.toggle('selected', events === null);
      this.addEvents(events ?? []);
      this.refresh();
    });
    pause.setAttribute('aria-pressed', 'false');
    const clear = button('threecx.panel.clear', 'trash', () => {
      const { chosen } = this;
      this.cleared.set(chosen, new Date(Date.now() + this.ahead).toISOString());
      this.events.deleteWhere(({ connection }) => connection === chosen);
      this.refresh();
    });
    const choice = make('label', 'threecx-choice', say('threecx.panel.connection'));
    choice.append(chooser);
    const busy = make('label', 'threecx-busy');
    busy.append(busyOnly, say('threecx.panel.busy'));
    const body = make('div', 'threecx-body');
    body.append(
      this.section('connections', this.connections),
      choice,
      this.section('extensions', this.extensions, [search, busy, hint('extensions')]),
      this.section('calls', this.calls),
      this.section('events', this.events, [pause, clear, hint('events')]),
      this.section('errors', this.errors),
    );
    this.content.replaceChildren(this.message, body);
    this.refresh();
  }

  private section<Row>(name: string, list: PanelList<Row>, tools: HTMLElement[] = []): HTMLElement {
    const section = document.createElement('details');
    section.open = true;
    section.dataset.threecxSection = name;
    const summary = make('summary', '', say(`threecx.panel.${name}`));
    const count = make('span', 'threecx-count');
    this.counts.push(() => (count.textContent = String(list.count)));
    summary.append(count);
    const bar = make('div', 'threecx-tools');
    bar.append(...tools);
    section.append(summary, ...(tools.length === 0 ? [] : [bar]), list.element);
    return section;
  }

  private drawExtension(row: ExtensionRow, element: HTMLElement): void {
    const { extension, name, state, since } = row;
    element.dataset.threecxState = state ?? 'unknown';
    element.replaceChildren(
      line([
        dot(),
        make('b', '', extension),
        make('span', 'threecx-name', name ?? ''),
        stateOf(stateWord(state), since),
      ]),
      details(detailsOf(row)),
    );
  }

  private drawCall(row: CallRow, element: HTMLElement): void {
    element.replaceChildren(
      line([make('span', 'threecx-name', partiesOf(row)), stateOf('', row.answeredAt ?? row.startedAt)]),
      details(callDetailsOf(row)),
    );
  }
}

function byName(a: ConnectionRow, b: ConnectionRow): number {
  return a.name.localeCompare(b.name) || a.connection.localeCompare(b.connection);
}

function keepNewest<Row>(list: PanelList<Row>, count: number, isMeant: (row: Row) => boolean = () => true): void {
  const surplus = new Set(list.all().filter(isMeant).slice(0, -count));
  if (surplus.size > 0) list.deleteWhere((row) => surplus.has(row));
}

/** @returns null, after it has said why, where no node of the editor can have the connection */
function monitorOf(row: ExtensionRow | PanelEvent): MonitorFields | null {
  const { connection: server } = row;
  if (RED.nodes.node(server) === undefined) {
    RED.notify(say('threecx.panel.no-node'), 'warning');
    return null;
  }
  return 'payload' in row ? { server, events: [row.payload.event] } : { server, extensions: row.extension };
}

function nameOf({ connection, name }: ConnectionRow): string {
  return name || RED.utils.getNodeLabel(RED.nodes.node(connection), connection);
}

/** The part with the test stays: it may show what it found. */
function drawConnection(row: ConnectionRow, element: HTMLElement): void {
  const { words, look } = healthOf(row);
  element.dataset.threecxLook = look;
  const about = make('div');
  const name = make('b', 'threecx-name', nameOf(row));
  about.append(line([dot(), name, stateOf(words, null)]), details(factsOf(row)));
  about.title = row.detail ?? '';
  if (element.firstElementChild === null) element.append(about, testOf(row));
  else element.firstElementChild.replaceWith(about);
}

function testOf({ connection, api }: ConnectionRow): HTMLElement {
  const element = make('div', 'threecx-test');
  if (!RED.user.hasPermission('3cx-config.write')) return element;
  const verdict = make('div', 'threecx-verdict');
  verdict.setAttribute('role', 'status');
  const test = button('threecx.label.test', 'plug', () => {
    const request = ask(`3cx/${encodeURIComponent(connection)}/test`, '{}');
    showTest({ _: say }, api ?? 'http', { request, button: $(test), verdict: $(verdict) });
  });
  element.append(test, verdict);
  return element;
}

/** One line, of which the title shows what does not fit. */
function drawEvent(event: PanelEvent, element: HTMLElement): void {
  const parts = [make('code', '', event.payload.event), make('span', 'threecx-name', fieldsOf(event).join(' · '))];
  element.replaceChildren(line([...parts, make('time', '', timeOf(event.at))]));
  element.title = [...element.querySelectorAll('code, span, time')].map(({ textContent }) => textContent).join(' ');
}

function drawError({ at, node, type, name, code, message }: PanelError, element: HTMLElement): void {
  const label = name || RED.utils.getNodeLabel(RED.nodes.node(node), type);
  const link = make('button', 'threecx-link', label);
  link.setAttribute('type', 'button');
  link.title = say('threecx.panel.reveal');
  link.addEventListener('click', () => RED.view.reveal(node));
  element.replaceChildren(line([make('time', '', timeOf(at)), link]), details([code ?? '', message].filter(Boolean)));
}

function line(parts: HTMLElement[]): HTMLElement {
  const element = make('div', 'threecx-line');
  element.append(...parts);
  return element;
}

function details(parts: readonly string[]): HTMLElement {
  return make('div', 'threecx-details', parts.join(' · '));
}

/** The words beside it say the same. */
function dot(): HTMLElement {
  const element = make('span', 'threecx-dot');
  element.setAttribute('aria-hidden', 'true');
  return element;
}

function stateOf(words: string, since: string | null): HTMLElement {
  const element = make('span', 'threecx-state', words);
  if (since === null) return element;
  const running = make('time');
  running.dataset.threecxSince = since;
  element.append(' ', running);
  return element;
}

function hint(section: 'extensions' | 'events'): HTMLElement {
  return make('div', 'threecx-hint', say(`threecx.panel.${section}-hint`));
}

function button(label: string, icon: string, onClick: () => void): HTMLElement {
  const element = make('button', 'red-ui-button red-ui-button-small');
  element.setAttribute('type', 'button');
  const sign = make('i', `fa fa-${icon}`);
  sign.setAttribute('aria-hidden', 'true');
  element.append(sign, ` ${say(label)}`);
  element.addEventListener('click', onClick);
  return element;
}

function checkBox(): HTMLInputElement {
  const element = document.createElement('input');
  element.type = 'checkbox';
  return element;
}
