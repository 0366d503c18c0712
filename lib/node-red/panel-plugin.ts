import { EventEmitter } from 'node:events';
import { type PanelError, type PanelRequest, panelTopic, ThreeCxError } from '../pbx';
import { Panel } from './panel';
import type { NodeAPI } from './types';

/** Of a log entry, and of a node that has an error. */
interface Origin {
  id?: string | undefined;
  type?: string | undefined;
  name?: string | undefined;
  /** In an instance of a subflow: the id in its template. */
  _alias?: string;
}

/** Names our hook, so that it alone is removed. */
const hook = 'threecx-panel';

/**
 * Serves the panel in the editor's sidebar. Node-RED's comms send a message to everybody who may read the status of nodes,
 * unless it is for one session. So an editor asks for a key, which takes the permission to read connections. Updates go to
 * the session that has shown the key.
 */
export function registerPanel(RED: NodeAPI): void {
  const { events } = RED;
  const panel = new Panel({
    publish: (session, data) => events.emit('comms', { topic: panelTopic, data, session }),
    watchErrors: (onError) => watchErrors(RED, onError),
  });
  RED.httpAdmin.post(`/${panelTopic}`, RED.auth.needsPermission('3cx-config.read'), (request, response) => {
    const { key } = Object(request.body) as { key?: unknown };
    response.json({ key: panel.renew(key) });
  });
  events.on(`comms:message:${panelTopic}`, ({ session, data }: { session: string; data: unknown }) => {
    const { key, isClosed = false } = Object(data) as Partial<PanelRequest>;
    if (typeof key !== 'string') return;
    if (isClosed) panel.leave(key);
    else panel.join(key, session);
  });
  events.on('comms:connection-removed', ({ session }: { session: string }) => panel.forget(session));
}

/** Errors of our nodes, those that a Catch node gets included, and what they log. */
function watchErrors(RED: NodeAPI, onError: (error: PanelError) => void): () => void {
  const report = ({ id, _alias, type = '', name = '' }: Origin, error: unknown): void => {
    const node = _alias ?? id;
    if (node === undefined || !type.startsWith('3cx-')) return;
    const code = error instanceof ThreeCxError ? error.code : null;
    const message = error instanceof Error ? error.message : String(error);
    onError({ at: new Date().toISOString(), node, type, name, code, message });
  };
  /** The node whose error was reported just now: what no Catch node gets is logged at once. */
  let reported: string | undefined;
  RED.hooks.add(`onComplete.${hook}`, ({ node: { node }, error }: { node: { node: Origin }; error?: Error | null }) => {
    if (!error) return;
    report(node, error);
    reported = node.id;
    queueMicrotask(() => (reported = undefined));
  });
  const handler = new EventEmitter();
  handler.on('log', ({ level, msg, ...origin }: Origin & { level: number; msg: unknown }) => {
    const isOurs = (level === RED.log.ERROR || level === RED.log.WARN) && typeof msg === 'string';
    if (isOurs && origin.id !== reported) report(origin, msg);
  });
  RED.log.addHandler(handler);
  return () => {
    RED.log.removeHandler(handler);
    RED.hooks.remove(`*.${hook}`);
  };
}
