import { defaultEvents, eventNames, filterChoices, parseNumberList, secondsOf } from '../lib/pbx';
import { asText, dialog, hasEnvironment, isFormOf, type Reader, releaseForm, saved, written } from './fields';
import { isWatching } from './operations';
import { suggestExtensions } from './suggestions';
import { checkList, validateMilliseconds, validatePattern } from './validators';

const knownEvents: readonly string[] = eventNames;

/** The properties of a node that watches which are not always good. */
export type WatchProperty = 'events' | 'extensions' | 'queues' | 'number' | 'minRing' | keyof typeof filterChoices;

/** Is a property of `watch` as it should be? With another operation it always is. */
export function validateWatch(node: EditorNode, name: WatchProperty, value: unknown): Judgement {
  if (value === undefined || !isWatching(node, written)) return true;
  switch (name) {
    case 'events':
      return checkEvents(node, eventsIn(value));
    case 'number':
      return validatePattern(node, value, true);
    case 'minRing':
      return isFormOf(dialog(), node) ? checkSeconds(node, asText(value)) : validateMilliseconds(node, name, value);
    case 'direction':
    case 'scope':
      return checkFilter(node, filterChoices[name], asText(value));
    case 'extensions':
    case 'queues':
      return checkList(node, asText(value), parseNumberList);
  }
}

function checkEvents(node: EditorNode, events: readonly string[]): Judgement {
  if (events.length === 0) return node._('threecx.error.no-event');
  const unknown = events.find((name) => !knownEvents.includes(name));
  return unknown === undefined || node._('threecx.error.event', { name: unknown });
}

/** @param text as the dialog shows it: in seconds, with the comma of some languages too */
function checkSeconds(node: EditorNode, text: string): Judgement {
  return hasEnvironment(text) || secondsIn(text) !== null || node._('threecx.error.seconds');
}

/** @returns the milliseconds; null when the text is no number of seconds */
function secondsIn(text: string): number | null {
  const milliseconds = secondsOf(text.replace(',', '.'));
  return milliseconds === null ? null : Math.round(milliseconds);
}

function checkFilter(node: EditorNode, values: readonly string[], value: string): Judgement {
  return hasEnvironment(value) || values.includes(value) || node._('threecx.error.choice', { value });
}

/** The events of a flow that doesn't choose any; the default of the property is for new nodes. */
function eventsIn(value: unknown): string[] {
  return [value ?? defaultEvents].flat().map(asText);
}

/** @returns the events that have outputs of their own; null when there is one output for everything */
function splitOf(node: EditorNode, read: Reader): string[] | null {
  if (!isWatching(node, read) || asText(read(node, 'split')) !== 'true') return null;
  const events = eventsIn(read(node, 'events'));
  return eventNames.filter((name) => events.includes(name));
}

/** A flow written by hand may say `split` and not how many `outputs`; for onadd. */
export function countOutputs(node: EditorNode): void {
  node.outputs = Math.max(node.outputs, splitOf(node, saved)?.length ?? 1);
}

/** The event that an output is for, in words. */
export function outputLabel(node: EditorNode, port: number): string {
  if (!isWatching(node, saved)) return node._('threecx.label.answer');
  const name = splitOf(node, saved)?.[port];
  return name === undefined ? node._('threecx.label.event') : node._(`threecx.event.${name}`);
}

/** The effect of a message to the input. */
export function inputLabel(node: EditorNode): string {
  return node._(`threecx.label.${isWatching(node, saved) ? 'ask-watch' : 'ask'}`);
}

/**
 * Tells the editor, the way it wants to know, how many outputs there are and where each one was before: wires stay with
 * their events. Between one output and several, the wires of the first one stay.
 */
function mapOutputs(node: EditorNode): void {
  const before = splitOf(node, saved);
  const after = splitOf(node, written);
  const portBefore = (name: string, port: number): number => {
    if (before !== null && after !== null) return before.indexOf(name);
    return port === 0 ? 0 : -1;
  };
  const map = new Map<string, number>(Array.from({ length: node.outputs }, (_, port) => [String(port), -1]));
  for (const [port, name] of (after ?? ['']).entries()) {
    const old = String(portBefore(name, port));
    map.set(map.has(old) ? old : `new${port}`, port);
  }
  $('#node-input-outputs').val(JSON.stringify(Object.fromEntries(map)));
}

function eventBox(node: EditorNode, name: string, isChecked: boolean): JQuery {
  const box = $('<input type="checkbox">').val(name).prop('checked', isChecked);
  const words = node._(`threecx.${knownEvents.includes(name) ? `event.${name}` : 'label.unknown-event'}`);
  const mark = $('<span class="threecx-lack">').attr('data-threecx-event', name);
  return $('<label>').append(box, $('<span>').text(words), $('<code>').text(name), mark);
}

/**
 * Sets up what is there for a node that watches. The check boxes stand for a list that the editor itself fills, validates
 * and saves. An event that only a later version knows has one too.
 */
export function prepareWatch(node: EditorNode): void {
  const form = dialog();
  const list = $('#node-input-events');
  const grid = form.find('.threecx-events');
  const chosen = eventsIn(node.events);
  const names = [...new Set([...knownEvents, ...chosen])];
  list.append(names.map((name) => new Option(name, name))).val(chosen);
  grid.append(names.map((name) => eventBox(node, name, chosen.includes(name))));
  const extensions = $('#node-input-extensions');
  const suggestions = suggestExtensions(node, () => extensions, true);
  extensions.autoComplete({ search: suggestions.search, minLength: 0 });
  suggestions.openByFocus();

  showSeconds($('#node-input-minRing'));
  takeBoxes(form, grid.find('input'), list);
  const update = (): void => {
    const judgement = validateWatch(node, 'events', list.val());
    form.find('.threecx-reason').text(judgement === true ? '' : judgement);
    mapOutputs(node);
  };
  $('#node-input-events, #node-input-split, #node-input-operation').on('change', update);
  update();
}

/** A flow has milliseconds, people think in seconds. An environment variable has what a flow has. */
function showSeconds(field: JQuery): void {
  const text = asText(field.val());
  const milliseconds = Number(text);
  if (text.trim() !== '' && Number.isFinite(milliseconds)) field.val(String(milliseconds / 1_000));
}

/** Puts the fields back as a flow has them, before the editor reads them; for oneditsave. */
export function saveWatch(): void {
  const field = $('#node-input-minRing');
  const milliseconds = secondsIn(asText(field.val()));
  if (milliseconds !== null) field.val(String(milliseconds));
  // The editor validates the node as it is saved, and its form is still there.
  releaseForm(dialog());
}

/** Puts what is checked into the list. */
function takeBoxes(form: JQuery, boxes: JQuery, list: JQuery): void {
  const take = (): void => {
    const checked = boxes.filter(':checked').get();
    list.val(checked.map((box) => $(box).val())).trigger('change');
  };
  boxes.on('change', take);
  form.find('[data-threecx-check]').on('click', function () {
    boxes.prop('checked', this.dataset.threecxCheck === 'all');
    take();
  });
}
