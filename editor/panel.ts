import { type PanelRequest, panelLife, panelTopic, type PanelUpdate } from '../lib/pbx';
import { ask } from './connection-test';
import { PanelView } from './panel-view';
import { say } from './panel-words';

/** How often the key is renewed, in ms: once may fail. */
const renewal = panelLife / 2.25;

/** Adds the tab *3CX* to the sidebar; once for each time that the editor is loaded. */
export function registerPanel(): void {
  RED.plugins.registerPlugin('3cx-panel', {
    onadd: () => {
      const content = document.createElement('div');
      content.className = 'threecx-panel';
      const tab = { id: 'threecx-panel', label: '3CX', name: '3CX', iconClass: 'fa fa-phone', enableOnEdit: true };
      RED.sidebar.addTab({ ...tab, content });
      watch(content);
    },
  });
}

/** Gets what the runtime tells as long as the panel is seen. */
function watch(content: HTMLElement): void {
  let view: PanelView | null = null;
  let key = '';
  /** Of the last update; null before there was a whole one. */
  let seq: number | null = null;
  let isSeen = false;
  let timers: ReturnType<typeof setInterval>[] = [];

  const send = (request: PanelRequest): void => RED.comms.send(panelTopic, request);
  const join = (): void => {
    seq = null;
    send({ key });
  };
  const renew = (): void => {
    ask(panelTopic, JSON.stringify({ key }))
      .done((answer) => {
        const { key: good } = answer as { key: string };
        if (!isSeen) {
          send({ key: good, isClosed: true });
          return;
        }
        view?.show('');
        if (good === key && seq !== null) return;
        key = good;
        join();
      })
      .fail(({ status }) => {
        const isForbidden = status === 401 || status === 403;
        view?.show(say(`threecx.panel.${isForbidden ? 'forbidden' : 'no-answer'}`));
      });
  };
  const open = (): void => {
    view ??= new PanelView(content);
    renew();
    timers = [setInterval(renew, renewal), setInterval(() => view?.tick(), 1_000)];
  };
  const close = (): void => {
    for (const timer of timers) clearInterval(timer);
    if (key !== '') send({ key, isClosed: true });
    key = '';
    seq = null;
  };

  RED.comms.subscribe(panelTopic, (_topic, data) => {
    const update = data as PanelUpdate;
    if (!isSeen || (seq === null && !update.isWhole)) return;
    if (!update.isWhole && update.seq !== (seq ?? 0) + 1) {
      join();
      return;
    }
    seq = update.seq;
    view?.update(update);
  });
  // With the connection before, the runtime forgot the key.
  RED.comms.on('connect', () => {
    seq = null;
    if (isSeen) renew();
  });

  let isIntersecting = false;
  const look = (): void => {
    const wasSeen = isSeen;
    isSeen = isIntersecting && !document.hidden;
    if (isSeen && !wasSeen) open();
    if (!isSeen && wasSeen) close();
  };
  document.addEventListener('visibilitychange', look);
  new IntersectionObserver((entries) => {
    isIntersecting = entries.at(-1)?.isIntersecting ?? false;
    look();
  }).observe(content);
}
