import { listExtensions, profileInterval, secondsOf } from '../lib/pbx';
import { asText, hasEnvironment, saved, written } from './fields';
import { isWatching } from './operations';
import { suggestExtensions } from './suggestions';
import { checkList } from './validators';

/** The properties of a node that watches profiles which are not always good. */
export type ProfileWatchProperty = 'extensions' | 'interval';

/** Is a property of `watch` as it should be? With another operation it always is. */
export function validateProfileWatch(node: EditorNode, name: ProfileWatchProperty, value: unknown): Judgement {
  if (value === undefined || !isWatching(node, written)) return true;
  if (name === 'extensions') return checkList(node, asText(value), listExtensions);
  const { min } = profileInterval;
  const interval = hasEnvironment(value) ? min * 1_000 : secondsOf(asText(value));
  return (interval !== null && interval >= min * 1_000) || node._('threecx.error.interval', { min });
}

/** What comes out of an output. */
export function profileOutputLabel(node: EditorNode, port: number): string {
  if (port > 0) return node._('threecx.label.refused');
  return node._(`threecx.label.${isWatching(node, saved) ? 'change' : 'done'}`);
}

/**
 * Sets up what is there for a node that watches profiles. It has one output; with every other operation it has two. The
 * editor wants to know which output was where before.
 */
export function prepareProfileWatch(node: EditorNode): void {
  const extensions = $('#node-input-extensions');
  extensions.autoComplete({ search: suggestExtensions(node, () => extensions, true), minLength: 0 });
  const mapOutputs = (): void => {
    const count = isWatching(node, written) ? 1 : 2;
    const ports = Array.from({ length: Math.max(count, node.outputs) }, (_, port): [string, number] => [
      port < node.outputs ? String(port) : `new${port}`,
      port < count ? port : -1,
    ]);
    $('#node-input-outputs').val(JSON.stringify(Object.fromEntries(ports)));
  };
  $('#node-input-operation').on('change', mapOutputs);
  mapOutputs();
}
