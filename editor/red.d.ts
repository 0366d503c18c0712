// Of Node-RED's editor and of its jQuery, what the dialogs use.

interface JQuery {
  readonly length: number;

  /** The elements as an array. */
  get(): HTMLElement[];
  each(visit: (this: HTMLElement) => void): this;
  filter(wanted: string | ((index: number, element: HTMLElement) => boolean)): this;
  first(): this;
  find(selector: string): JQuery;
  next(selector: string): JQuery;
  insertAfter(other: JQuery): this;
  closest(selector: string): JQuery;
  is(selector: string): boolean;

  /** Null where nothing is chosen. */
  val(): string | string[] | null | undefined;
  val(value: unknown): this;
  attr(name: string): string | undefined;
  attr(name: string, value: string | boolean): this;
  attr(values: Readonly<Record<string, string>>): this;
  removeAttr(name: string): this;
  prop(name: string): unknown;
  prop(name: string, value: boolean): this;
  data(name: string): unknown;
  data(name: string, value: unknown): this;
  css(values: Readonly<Record<string, string>>): this;
  addClass(name: string): this;
  toggleClass(name: string, isThere: boolean): this;
  toggle(isShown: boolean): this;

  text(text: string): this;
  append(...content: (JQuery | HTMLElement | HTMLElement[] | JQuery[] | null)[]): this;
  appendTo(parent: JQuery): this;
  empty(): this;

  on(events: string, listener: (this: HTMLElement) => void): this;
  on(events: 'typedinputtypechange', listener: (this: HTMLElement, event: unknown, type: string) => void): this;
  on(event: 'paste', listener: (event: { originalEvent: ClipboardEvent; preventDefault(): void }) => void): this;
  trigger(event: string): this;

  typedInput(options: { types: (string | TypedInputType)[]; typeField: string }): this;
  typedInput(what: 'type' | 'value'): string;
  typedInput(what: 'value', value: string): this;
  autoComplete(options: { search: AutoCompleteSearch; minLength: number }): this;
  /** Undefined before it is there, and after; its menu while that is not open. */
  autoComplete(what: 'instance'): { readonly menu?: { hide(): void } } | undefined;
  editableList<T extends object>(options: {
    removable: boolean;
    sortable: boolean;
    scrollOnAdd: boolean;
    height: number;
    /** An item without data comes of the button. */
    addItem: (item: JQuery, index: number, data: Partial<T>) => void;
  }): this;
  editableList(what: 'addItem', data: object): this;
  /** Undefined before it is there, and after. */
  editableList(what: 'instance'): object | undefined;
}

interface JQueryRequest {
  done(listener: (answer: unknown) => void): this;
  fail(listener: (failure: { status: number }) => void): this;
  always(listener: () => void): this;
  abort(): void;
}

declare const $: {
  /** A selector, or the start tag of a new element: never anything that came from a server. */
  (what: string | HTMLElement): JQuery;
  getJSON(url: string): JQueryRequest;
  ajax(request: Readonly<Record<'url' | 'method' | 'contentType' | 'dataType' | 'data', string>>): JQueryRequest;
};

interface AutoCompleteRow {
  readonly value: string;
  label: JQuery;
}
type AutoCompleteSearch = (text: string, done: (rows: AutoCompleteRow[]) => void) => void;

/** The reason why a value is bad, or true. */
type Judgement = true | string;

interface TypedInputType {
  value: string;
  label: string;
  icon: string;
  validate: (value: string) => Judgement;
  options?: { value: string; label: string }[];
  autoComplete?: AutoCompleteSearch;
}

/** A property, or a credential, in a definition. */
interface PropertyDefinition {
  value?: unknown;
  type?: string;
  validate?: (this: EditorNode, value: unknown, options: object) => Judgement;
}

/** A node, whatever its type, with its properties as they are saved. */
interface EditorNode {
  readonly id: string;
  readonly type: string;
  readonly name?: string;
  outputs: number;
  /** What `registerType` was given. */
  readonly _def: {
    readonly defaults: Readonly<Record<string, PropertyDefinition>>;
    readonly credentials?: Readonly<Record<string, PropertyDefinition>>;
  };
  /** A text of the node's catalogue. */
  _(key: string, options?: Readonly<Record<string, unknown>>): string;
  readonly [property: string]: unknown;
}

interface SidebarTab {
  id: string;
  label: string;
  name: string;
  iconClass: string;
  content: HTMLElement;
  /** Whether it can be used while a dialog is open. */
  enableOnEdit: boolean;
}

declare const RED: {
  _(key: string, options?: Readonly<Record<string, unknown>>): string;
  readonly clipboard: { copyText(text: string, element: JQuery, message: string): void };
  /** A WebSocket to the runtime. */
  readonly comms: {
    on(event: 'connect', listener: () => void): void;
    send(topic: string, data: object): void;
    subscribe(topic: string, listener: (topic: string, data: unknown) => void): void;
  };
  readonly editor: { validateNode(node: EditorNode): void };
  readonly i18n: { lang(): string };
  readonly events: { on(event: 'deploy', listener: () => void): void };
  readonly nodes: {
    dirty(isDirty: boolean): void;
    getType(type: string): EditorNode['_def'] | undefined;
    id(): string;
    node(id: unknown): EditorNode | undefined;
  };
  notify(text: string, type: 'warning'): void;
  readonly plugins: { registerPlugin(id: string, definition: { onadd: () => void }): void };
  readonly sidebar: { addTab(tab: SidebarTab): void };
  readonly settings: {
    /** Kept by the browser. */
    getLocal(key: string): string | null;
    setLocal(key: string, value: string): void;
  };
  readonly tray: { resize(): void };
  readonly user: { hasPermission(permission: string): boolean };
  readonly utils: {
    getNodeLabel(node: EditorNode | undefined, fallback: string): string;
    parseContextKey(key: string): { key: string };
    validateTypedProperty(value: string, type: string, options: object): Judgement;
  };
  readonly view: {
    importNodes(nodes: object[], options: object): void;
    redraw(): void;
    reveal(id: string): void;
    scale(): number;
  };
  /** `active` is empty while no flow is open. */
  readonly workspaces: { active(): string; isLocked(): boolean };
};
