/** How the rows of a list are. */
export interface ListOptions<Row> {
  /** Puts a row into its element, in place of what was there. */
  draw: (row: Row, element: HTMLElement) => void;
  compare: (a: Row, b: Row) => number;
  isShown: (row: Row) => boolean;
  /** Shown while there is no row. */
  empty: string;
  /** A row is clicked, or Enter or the space bar pressed on it. */
  choose?: (row: Row, element: HTMLElement) => void;
  /** `+` is pressed on a row. With it the arrow keys lead from row to row. */
  add?: (row: Row) => void;
  /** A row begins to be dragged. @returns whether it may be */
  drag?: (row: Row) => boolean;
}

/** @returns a new element, with a text that is never taken for markup */
export function make(tag: string, className = '', text = ''): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/** A list that changes only what differs: a row keeps its element, and with it the focus. */
export class PanelList<Row> {
  readonly element = make('div');
  private readonly list = make('ul', 'threecx-list');
  private readonly empty: HTMLElement;
  private readonly rows = new Map<string, { row: Row; element: HTMLElement }>();
  private readonly rowOf = new WeakMap<Element, Row>();

  constructor(
    label: string,
    private readonly options: ListOptions<Row>,
  ) {
    const { list } = this;
    this.empty = make('div', 'threecx-empty', options.empty);
    list.setAttribute('aria-label', label);
    if (this.hasKeys) {
      list.setAttribute('role', 'listbox');
      list.addEventListener('click', ({ target }) => this.choose(target));
      list.addEventListener('keydown', (event) => this.onKey(event));
    }
    list.addEventListener('dragstart', (event) => {
      const row = event.target instanceof Element ? this.rowOf.get(event.target) : undefined;
      if (row === undefined) return;
      // Not as text, which the editor itself would take for nodes to import.
      event.dataTransfer?.setData('application/x-3cx', '');
      if (options.drag?.(row) !== true) event.preventDefault();
    });
    this.element.append(list, this.empty);
  }

  get count(): number {
    return this.list.querySelectorAll(':scope > :not([hidden])').length;
  }

  set(key: string, row: Row): void {
    const element = this.rows.get(key)?.element ?? this.newElement();
    const isNew = !this.rows.has(key);
    this.rows.set(key, { row, element });
    this.rowOf.set(element, row);
    this.options.draw(row, element);
    element.hidden = !this.options.isShown(row);
    if (isNew) this.place(row, element);
  }

  delete(key: string): void {
    const element = this.rows.get(key)?.element;
    const isFocused = element === document.activeElement;
    const next = element?.nextElementSibling ?? element?.previousElementSibling;
    element?.remove();
    this.rows.delete(key);
    if (isFocused && next instanceof HTMLElement) this.focus(next);
  }

  /** Removes those rows of which this is true. */
  deleteWhere(isOut: (row: Row) => boolean): void {
    for (const [key, { row }] of [...this.rows]) if (isOut(row)) this.delete(key);
  }

  all(): Row[] {
    return [...this.rows.values()].map(({ row }) => row);
  }

  /** To be called when other rows are to be shown, and after rows have come or gone. */
  refresh(): void {
    for (const { row, element } of this.rows.values()) element.hidden = !this.options.isShown(row);
    this.empty.hidden = this.count > 0;
    this.list.hidden = this.count === 0;
    // One row is in the order of the Tab key; the arrow keys lead to the others.
    if (!this.hasKeys || this.list.querySelector(':scope > [tabindex="0"]:not([hidden])')) return;
    this.list.querySelector(':scope > :not([hidden])')?.setAttribute('tabindex', '0');
  }

  private get hasKeys(): boolean {
    return this.options.add !== undefined;
  }

  private newElement(): HTMLElement {
    const element = make('li');
    if (this.hasKeys) {
      element.setAttribute('role', 'option');
      element.setAttribute('aria-selected', 'false');
      element.tabIndex = -1;
    }
    element.draggable = this.options.drag !== undefined;
    return element;
  }

  private place(row: Row, element: HTMLElement): void {
    const isAfter = (other: Element): boolean => {
      const known = this.rowOf.get(other);
      return known !== undefined && this.options.compare(known, row) > 0;
    };
    this.list.insertBefore(element, [...this.list.children].find(isAfter) ?? null);
  }

  private choose(target: EventTarget | null, isAdding = false): void {
    const element = target instanceof Element ? target.closest('li') : null;
    const row = element === null ? undefined : this.rowOf.get(element);
    if (element === null || row === undefined) return;
    if (isAdding) this.options.add?.(row);
    else this.options.choose?.(row, element);
  }

  private onKey(event: KeyboardEvent): void {
    const shown = [...this.list.querySelectorAll<HTMLElement>(':scope > :not([hidden])')];
    const at = shown.findIndex((element) => element === document.activeElement);
    const targets: Readonly<Record<string, number>> = {
      ...{ ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: shown.length - 1 },
    };
    const target = targets[event.key];
    if (target !== undefined) this.focus(shown[Math.min(Math.max(target, 0), shown.length - 1)]);
    else if (event.key === 'Enter' || event.key === ' ' || event.key === '+')
      this.choose(event.target, event.key === '+');
    else return;
    // The editor has shortcuts of its own.
    event.preventDefault();
    event.stopPropagation();
  }

  private focus(element: HTMLElement | undefined): void {
    for (const other of this.list.querySelectorAll('[tabindex="0"]')) other.setAttribute('tabindex', '-1');
    if (element === undefined) return;
    element.tabIndex = 0;
    element.focus();
  }
}
