/** The fields of a new call-monitor that differ from its defaults. */
export type MonitorFields = Readonly<{ server: string; extensions?: string; events?: readonly string[] }>;

const type = '3cx-call-monitor';

function chart(): HTMLElement | null {
  return document.getElementById('red-ui-workspace-chart');
}

/**
 * Adds a call-monitor to the flow that is open.
 *
 * @param fields null adds none
 * @param at where on the screen; in the middle of what is seen of the flow where it is left out
 */
export function addMonitor(fields: MonitorFields | null, at?: { clientX: number; clientY: number }): void {
  const workspace = chart();
  const z = RED.workspaces.active();
  const definition = RED.nodes.getType(type);
  if (fields === null || workspace === null || !z || definition === undefined || RED.workspaces.isLocked()) return;
  const { left, top, width, height } = workspace.getBoundingClientRect();
  const { clientX, clientY } = at ?? { clientX: left + width / 2, clientY: top + height / 2 };
  const x = (clientX - left + workspace.scrollLeft) / RED.view.scale();
  const y = (clientY - top + workspace.scrollTop) / RED.view.scale();
  const defaults = Object.entries(definition.defaults).map(([name, { value = '' }]): [string, unknown] => [
    name,
    value,
  ]);
  const node: object = { ...Object.fromEntries(defaults), ...fields, id: RED.nodes.id(), type, z, x, y, wires: [[]] };
  RED.view.importNodes([node], { addFlow: false, generateIds: false, touchImport: true, notify: false });
  RED.nodes.dirty(true);
}

/** @returns notes what is dragged, to be added where it is dropped in a flow; returns whether there is something */
export function prepareDrag(): (fields: MonitorFields | null) => boolean {
  let dragged: MonitorFields | null = null;
  chart()?.addEventListener('dragover', (event) => {
    // Else nothing may be dropped there.
    if (dragged !== null && !RED.workspaces.isLocked()) event.preventDefault();
  });
  chart()?.addEventListener('drop', (event) => {
    if (dragged !== null) event.preventDefault();
    addMonitor(dragged, event);
  });
  document.addEventListener('dragend', () => (dragged = null));
  return (fields) => {
    dragged = fields;
    return fields !== null;
  };
}
