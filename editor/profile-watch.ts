import { listExtensions, profileInterval, secondsOf } from '../lib/pbx';
import { asText, hasEnvironment, saved, setOutputs, written } from './fields';
import { isWatching } from './operations';
import { suggestExtensions } from './suggestions';
import { checkList } from './validators';

/** The properties of a node that watches profiles which can be wrong. */
export type ProfileWatchProperty = 'extensions' | 'interval';

/** Is a property of `watch` valid? With another operation it always is. */
export function validateProfileWatch(node: EditorNode, name: ProfileWatchProperty, value: unknown): Judgement {
  if (value === undefined || !isWatching(node, written)) return true;
  if (name === 'extensions') return checkList(node, asText(value), listExtensions);
  const { min } = profileInterval;
  const interval = hasEnvironment(value) ? min * 1_000 : secondsOf(asText(value));
  return (interval !== null && interval >= min * 1_000) || node._('threecx.error.interval', { min });
}

/** The label of an output. */
export function profileOutputLabel(node: EditorNode, port: number): string {
  if (port > 0) return node._('threecx.label.refused');
  return node._(`threecx.label.${isWatching(node, saved) ? 'change' : 'done'}`);
}

/**
 * Sets up the fields for watching profiles. The node has one output while it watches, and two with every other
 * operation.
 */
export function prepareProfileWatch(node: EditorNode): void {
  const extensions = $('#node-input-extensions');
  const suggestions = suggestExtensions(node, () => extensions, true);
  extensions.autoComplete({ search: suggestions.search, minLength: 0 });
  suggestions.openByFocus();
  const mapOutputs = (): void => {
    setOutputs(node, isWatching(node, written) ? 1 : 2);
  };
  $('#node-input-operation').on('change', mapOutputs);
  mapOutputs();
}
