/** How many requests are kept, and how many of them are shown. */
const maxRequests = 1000;
const maxRows = 100;
/** The operations that a flow may poll. */
const queries = ['showallcalls', 'getcallerid', 'ondn', 'showstatus', 'dnregs'];
/** The look of each connection status. */
const looks = { Ringing: 'ringing', Dialing: 'dialing', Connected: 'talking', Hold: 'hold', Held: 'hold' };
/** A card with several connections gets the first of these. */
const byLoudness = ['ringing', 'dialing', 'talking', 'hold'];
/** Dialled to fetch a parked call; a parked connection has `*00` as its party. */
const fetchCode = '*10';
const parkedParty = '*00';
/** The effect of an API's fault, for the header. */
const faultWords = { hangs: 'hangs', fails: 'fails', gone: 'is gone' };
const twoDigits = new Intl.NumberFormat('en', { minimumIntegerDigits: 2 });
/** A finger is over what it touches, as long as it does. */
const canHover = matchMedia('(hover: hover)');

const byId = (id) => document.getElementById(id);
const isUnderPointer = (element) => element.matches(canHover.matches ? ':hover' : ':active');

/** The last state from `/api/events`, as it came and as a value. Everything from there is shown as text. */
let received;
let state;
/** Of the state: names by their DN, connections by their DN and by their call. */
let names;
let connectionsOf;
let connectionsIn;
/** By id, in order of arrival. */
const requests = new Map();
/** The simulator's clock minus this one, in ms. */
let ahead = 0;

// ---- from the simulator --------------------------------------------------------------------------------------------

function connect() {
  const source = new EventSource('api/events');
  source.addEventListener('open', () => {
    requests.clear();
    showRequests();
    showLink(true);
  });
  source.addEventListener('error', () => {
    showLink(false);
    // It gives up when something else answers.
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 1000);
  });
  source.addEventListener('state', ({ data }) => {
    received = data;
    showState();
  });
  source.addEventListener('requests', ({ data }) => {
    for (const request of JSON.parse(data)) requests.set(request.id, request);
    for (const id of requests.keys()) {
      if (requests.size <= maxRequests) break;
      requests.delete(id);
    }
    showRequests();
  });
}

/** However often something changes, it is shown once in a frame. */
function oncePerFrame(show) {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      show();
    });
  };
}

function showLink(isConnected) {
  document.body.classList.toggle('disconnected', !isConnected);
  setText(byId('link'), isConnected ? 'Live' : 'Disconnected. Waiting for the simulator…');
}

// ---- to the simulator ----------------------------------------------------------------------------------------------

document.addEventListener('click', ({ target, detail }) => {
  const button = target.closest('button');
  // The second click of a double click would hit another button, which has moved to the same place.
  if (button === null || detail > 1) return;
  const { action, tab, value } = button.dataset;
  if (button.classList.contains('open')) toggle(button);
  else if (tab !== undefined) showTab(tab);
  else if (action !== undefined) act(button, action, value);
});

document.addEventListener('submit', (event) => {
  event.preventDefault();
  const card = event.target.closest('.card');
  const destination = numberOf(card);
  if (destination !== '') void ask('POST', `api/extensions/${card.dataset.extension}/calls`, { destination });
});

document.addEventListener('change', ({ target }) => {
  if (target.type === 'radio') void ask('PATCH', 'api/faults', { [target.name]: target.value });
  if (target.closest('.more') === null || target.closest('.dial') !== null) return;
  const card = target.closest('.card');
  const loggedInTo = [...card.querySelectorAll('input:checked')].map(({ value }) => value);
  const change = target.type === 'checkbox' ? { loggedInTo } : { profile: target.value };
  void ask('PATCH', `api/extensions/${card.dataset.extension}`, change);
});

function act(button, action, value) {
  const card = button.closest('.card');
  const { extension, queue } = card?.dataset ?? {};
  const connection = `api/connections/${button.closest('.call')?.dataset.key}`;
  if (action === 'end-all') void ask('DELETE', 'api/calls');
  // JSON leaves out what is undefined.
  else if (action === 'call-in') void ask('POST', 'api/calls', { number: byId('number').value, extension, queue });
  else if (action === 'fetch') void ask('POST', `api/extensions/${extension}/calls`, { destination: fetchCode });
  else if (action === 'record') void ask('POST', `${connection}/record`, { action: value });
  else if (action !== 'transfer') void ask('POST', `${connection}/${action}`);
  else {
    const destination = numberOf(card);
    if (destination !== '') void ask('POST', `${connection}/transfer`, { destination });
  }
}

/** The number in a card's field; the field gets the focus where it is empty. */
function numberOf(card) {
  const input = card.querySelector('.dial input');
  const number = input.value.trim();
  setText(byId('problem'), number === '' ? 'Enter the number first.' : '');
  if (number === '') input.focus();
  return number;
}

async function ask(method, path, body) {
  let problem = '';
  try {
    const response = await fetch(path, { method, body: JSON.stringify(body) });
    if (!response.ok) problem = (await response.json()).message;
  } catch {
    problem = 'The simulator does not answer.';
  }
  setText(byId('problem'), problem);
  // The page no longer shows the state that led to the refusal.
  if (problem !== '') showState();
}

// ---- what is shown -------------------------------------------------------------------------------------------------

function toggle(button) {
  const isOpen = button.ariaExpanded !== 'true';
  const card = button.closest('.card');
  button.ariaExpanded = String(isOpen);
  card.classList.toggle('is-open', isOpen);
  card.querySelector('.more').hidden = !isOpen;
}

/** Only a narrow window has parts. */
function showTab(tab) {
  document.body.dataset.tab = tab;
  for (const button of document.querySelectorAll('nav button')) {
    button.ariaCurrent = button.dataset.tab === tab ? 'true' : null;
  }
  scrollTo(0, 0);
}

/**
 * Shows the cards that match the search. Under the pointer, cards appear and disappear only when the user wants it.
 * @param isWanted by the user, now
 */
function filter(isWanted) {
  const cards = [...byId('extensions').children];
  const text = byId('search').value.trim().toLowerCase();
  const isBusy = ({ dataset }) => dataset.look !== 'idle';
  if (isWanted || !isUnderPointer(byId('extensions'))) {
    for (const card of cards) {
      const isLookedFor = `${card.dataset.extension} ${names.get(card.dataset.extension)}`.toLowerCase().includes(text);
      const isIn = !byId('busy').checked || isBusy(card) || card.contains(document.activeElement);
      assign(card, { hidden: !isLookedFor || !isIn });
    }
  }
  setText(byId('count'), `${cards.length}, ${cards.filter(isBusy).length} in a call`);
  assign(byId('nobody'), { hidden: cards.some(({ hidden }) => !hidden) });
}

for (const id of ['search', 'busy']) byId(id).addEventListener('input', () => filter(true));
// These cards were held back while the pointer was there.
byId('extensions').addEventListener('mouseleave', () => filter(false));
for (const element of document.querySelectorAll('#trunk .calls'))
  element.addEventListener('mouseleave', () => showState());
for (const id of ['requests', 'v20-requests']) byId(id).addEventListener('mouseleave', () => showLogs());
byId('collapse').addEventListener('change', () => showRequests());

// ---- extensions, queues, trunk -------------------------------------------------------------------------------------

const showState = oncePerFrame(() => {
  if (received === undefined) return;
  state = JSON.parse(received);
  ahead = state.now - Date.now();
  names = new Map([...state.queues, ...state.extensions].map(({ number, name }) => [number, name]));
  connectionsOf = Map.groupBy(state.connections, ({ dn }) => dn);
  connectionsIn = Map.groupBy(state.connections, ({ call }) => call);
  keepFocus(() => {
    setText(byId('api-url'), state.apiUrl);
    setText(byId('fault'), faultWords[state.fault] ?? '');
    list(byId('extensions'), state.extensions, ({ number }) => number, 'extension-card', showExtension);
    list(byId('queues'), state.queues, ({ number }) => number, 'queue-card', showQueue);
    showConnections(byId('trunk'), state.trunk);
    setText(byId('trunk').querySelector('.dn'), state.trunk);
    showFault('http', state.fault);
    showV20();
    const numbers = [...names, ...(state.connections.some(isParked) ? [[fetchCode, 'fetch the parked call']] : [])];
    list(
      byId('numbers'),
      numbers,
      ([number]) => number,
      'option',
      (option, [number, name]) => {
        assign(option, { value: number });
        setText(option, name);
      },
    );
    filter(false);
  });
  tick();
});

function showFault(api, fault = 'none') {
  for (const radio of document.getElementsByName(api)) assign(radio, { checked: radio.value === fault });
}

function showExtension(card, { number, name, profile, phones, agentOf, loggedInTo }) {
  assign(card.dataset, { extension: number });
  showConnections(card, number);
  const count = connectionsOf.get(number)?.length ?? 0;
  const facts = [profile];
  if (count > 1) facts.push(`${count} calls`);
  if (agentOf.length > 0 && loggedInTo.length === 0) facts.push('logged out');
  showHead(card, number, name, '.profile', facts.join(' · '));
  assign(card.querySelector('.profile').dataset, { profile });
  const select = card.querySelector('select');
  // Somebody may be choosing another one.
  if (select.dataset.shown !== profile) select.value = profile;
  assign(select.dataset, { shown: profile });
  assign(card.querySelector('.queues'), { hidden: agentOf.length === 0 });
  list(
    card.querySelector('.queues'),
    agentOf,
    (queue) => queue,
    'queue',
    (label, queue) => {
      const input = label.querySelector('input');
      assign(input, { value: queue, checked: loggedInTo.includes(queue) });
      setText(label.querySelector('span'), named(queue));
    },
  );
  list(
    card.querySelector('.phones'),
    phones,
    ({ id }) => id,
    'item',
    (item, { contact, userAgent }) => {
      setText(item, userAgent);
      assign(item, { title: contact });
    },
  );
}

function showHead(card, number, name, selector, facts) {
  setText(card.querySelector('.dn'), number);
  setText(card.querySelector('.name'), name);
  setText(card.querySelector(selector), facts);
  assign(card.querySelector('.row'), { title: name });
  assign(card.querySelector('.call-in'), { ariaLabel: `Call in for ${number}` });
  assign(card.querySelector('.calls'), { ariaLabel: `Calls of ${number}` });
}

function showQueue(card, { number, name, agents, loggedIn }) {
  const waiting = state.calls.filter(({ waitingIn }) => waitingIn === number);
  assign(card.dataset, { queue: number, look: waiting.length > 0 ? 'ringing' : 'idle' });
  const facts = [waiting.length === 0 ? 'Nobody waits' : `${waiting.length} waiting`];
  if (loggedIn.length === 0) facts.push('no agents');
  showHead(card, number, name, '.waiting', facts.join(' · '));
  const callers = waiting.map(({ connections: [caller] }) => caller);
  list(
    card.querySelector('.calls'),
    callers,
    ({ id }) => id,
    'call',
    (row, caller) => {
      const rung = others(caller);
      const details = rung.length > 0 ? `rings ${namesOf(rung)}` : 'no agent is free';
      showCall(row, caller, {
        status: 'Waiting',
        look: 'ringing',
        party: namesOf([caller]),
        details,
        actions: ['hangup'],
      });
    },
  );
  list(
    card.querySelector('.agents'),
    agents,
    (agent) => agent,
    'item',
    (item, agent) => {
      setText(item, `${named(agent)}${loggedIn.includes(agent) ? '' : ' (logged out)'}`);
    },
  );
}

function showConnections(card, dn) {
  const own = connectionsOf.get(dn) ?? [];
  const shown = own.map(({ status }) => looks[status]);
  assign(card.dataset, { look: byLoudness.find((look) => shown.includes(look)) ?? 'idle' });
  const calls = card.querySelector('.calls');
  list(
    calls,
    dn === state.trunk ? inPlace(calls, own) : own,
    ({ id }) => id,
    'call',
    (row, connection) => {
      const { status, party, queue } = connection;
      row.classList.toggle('gap', status === undefined);
      if (status === undefined) return;
      const details = [];
      if (queue !== null) details.push(`via ${names.get(queue) ?? queue}`);
      if (dn === state.trunk) details.push(partners(connection));
      showCall(row, connection, {
        status,
        look: looks[status],
        party: isParked(connection) ? 'Parked at 0' : party,
        details: details.join(' · '),
        actions: actionsOf(connection),
      });
    },
  );
}

/** Under the pointer, who goes leaves a gap, and who comes fills one. */
function inPlace(calls, connections) {
  if (!isUnderPointer(calls)) return connections;
  const left = new Map(connections.map((connection) => [connection.id, connection]));
  const places = [...calls.children].map(({ dataset: { key } }) => {
    const connection = left.get(key);
    left.delete(key);
    return connection;
  });
  for (const connection of left.values()) {
    const gap = places.indexOf(undefined);
    places[gap < 0 ? places.length : gap] = connection;
  }
  while (places.length > 0 && places.at(-1) === undefined) places.pop();
  return places.map((connection, place) => connection ?? { id: `gap ${place}` });
}

function showCall(row, { id, recording }, { status, look, party, details, actions }) {
  assign(row.dataset, { look });
  setText(row.querySelector('.status'), status);
  setText(row.querySelector('.party'), shown(party));
  setText(row.querySelector('.name'), names.get(party) ?? '');
  const recorded = recording === 'Stop' ? [] : [`REC ${recording}`];
  const all = [...recorded, details, `ID\u00a0${id}`].filter((text) => text !== '').join(' · ');
  setText(row.querySelector('.details'), all);
  assign(row.querySelector('.duration').dataset, { since: String(state.since[id]) });
  for (const button of row.querySelectorAll('button')) {
    assign(button, {
      hidden: !actions.includes(button.dataset.value ?? button.dataset.action),
      ariaLabel: `${button.textContent.replace('rec.', 'recording')}, ID ${id}`,
    });
  }
}

/** The other connections of its call, but for the one that a queue has itself. */
function others({ id, call }) {
  const isQueue = ({ dn }) => state.queues.some(({ number }) => number === dn);
  return connectionsIn.get(call).filter((other) => other.id !== id && !isQueue(other));
}

/** With whom somebody outside is connected. */
function partners(connection) {
  const all = others(connection);
  const talking = all.filter(({ status }) => status !== 'Ringing');
  if (talking.length > 0) return `with ${namesOf(talking)}`;
  if (all.length > 0) return `rings ${namesOf(all)}`;
  return `waits in ${state.calls.find(({ id }) => id === connection.call).waitingIn}`;
}

/** Extensions by their DN, one alone with its name; people outside by their number. */
function namesOf(connections) {
  const all = connections.map(({ dn, party }) => (dn === state.trunk ? shown(party) : dn));
  return all.length === 1 ? named(all[0]) : all.join(', ');
}

function named(dn) {
  return [dn, names.get(dn) ?? ''].join(' ').trim();
}

function shown(party) {
  return party === '' ? 'Number withheld' : party;
}

function isParked({ status, party }) {
  return status === 'Held' && party === parkedParty;
}

/** The actions that the connection's state allows. */
function actionsOf(connection) {
  const { dn, status, recording } = connection;
  const isInside = dn !== state.trunk;
  const actions = ['hangup'];
  if (status === 'Ringing' || (status === 'Dialing' && !isInside)) actions.push('answer');
  if (status === 'Hold') actions.push('resume');
  if (isParked(connection) && isInside) actions.push('fetch');
  // Nobody is put on hold who hasn't answered.
  const hasPartner = others(connection).some((other) => other.status !== 'Ringing' && other.status !== 'Dialing');
  if (status !== 'Connected' || !hasPartner) return actions;
  actions.push('hold');
  if (!isInside) return actions;
  const isOn = recording === 'Start' || recording === 'Resume';
  actions.push('transfer', 'park', isOn ? 'Pause' : recording === 'Pause' ? 'Resume' : 'Start');
  if (isOn || recording === 'Pause') actions.push('Stop');
  return actions;
}

function tick() {
  if (document.body.classList.contains('disconnected')) return;
  for (const duration of document.querySelectorAll('.duration')) {
    const seconds = Math.max(0, Math.floor((Date.now() + ahead - Number(duration.dataset.since)) / 1000));
    setText(duration, `${Math.floor(seconds / 60)}:${twoDigits.format(seconds % 60)}`);
  }
}

// ---- requests ------------------------------------------------------------------------------------------------------

const showRequests = oncePerFrame(() => {
  const rows = rowsOf([...requests.values()], byId('collapse').checked).slice(-maxRows);
  showLog(byId('requests'), rows, ({ first, last, count }) => {
    const { path, answer, milliseconds, isUnanswered } = last;
    const took = isUnanswered ? 'no answer' : answer === null ? 'waiting…' : `${milliseconds} ms`;
    return {
      ...{ id: first.id, at: first.at, path },
      // A call list is easier to read with one line for each record.
      answer: (answer ?? '').replaceAll(/<br>|<body>/g, '$&\n'),
      took: count > 1 ? `${took} (${count}×)` : took,
      look: isUnanswered ? 'unanswered' : answer === null ? 'pending' : '',
    };
  });
});

/** Nothing there where the V20 APIs aren't served. */
function showV20() {
  const { v20 } = state;
  assign(byId('v20'), { hidden: v20 === undefined });
  if (v20 === undefined) return;
  const { url, clientId, fault, tokens, foreignTokens, sockets, requests } = v20;
  const taken = foreignTokens === 0 ? [] : [`${foreignTokens} taken by another program`];
  const facts = [`client ${clientId}`, `tokens: ${tokens}`, ...taken, `open WebSockets: ${sockets.length}`];
  setText(byId('v20-client'), [url, ...facts].join(' · '));
  showFault('v20', fault);
  showLog(byId('v20-requests'), requests, ({ id, at, method, path, status, milliseconds }) => ({
    ...{ id, at, path: `${method} ${path}`, answer: '' },
    took: status === null ? 'waiting…' : `${status}, ${milliseconds} ms`,
    look: status === null ? 'pending' : '',
  }));
}

function showLogs() {
  showRequests();
  showState();
}

/** The newest first. Under the pointer it stands still. */
function showLog(log, requests, rowOf) {
  if (isUnderPointer(log)) return;
  list(
    log,
    requests.map(rowOf).reverse(),
    ({ id }) => id,
    'request',
    (row, { at, path, answer, took, look }) => {
      setText(row.querySelector('.time'), new Date(at).toLocaleTimeString('en-GB'));
      setText(row.querySelector('.path'), path);
      // A long one scrolls, by key too.
      assign(row.querySelector('.answer'), { textContent: answer, tabIndex: answer.length > 200 ? 0 : -1 });
      setText(row.querySelector('.took'), took);
      assign(row, { className: look });
    },
  );
}

/** A query with the same answer as the last time makes no new row: it only counts in the old one. */
function rowsOf(all, isFolding) {
  const rows = [];
  const latest = new Map();
  for (const request of all) {
    const before = latest.get(request.path);
    const isPending = request.answer === null && !request.isUnanswered;
    const isQuery = queries.includes(request.path.split('/')[1]);
    if (isFolding && isQuery && before !== undefined && (isPending || before.last.answer === request.answer)) {
      before.count++;
      if (!isPending) before.last = request;
      continue;
    }
    const row = { first: request, last: request, count: 1 };
    latest.set(request.path, row);
    rows.push(row);
  }
  return rows;
}

// ---- the document --------------------------------------------------------------------------------------------------

/**
 * Shows one element per item, made from a template. Elements stay as long as their items do, so that focus and
 * selection survive. A legend stays too.
 */
function list(parent, items, keyOf, template, show) {
  const wanted = new Set(items.map((item) => String(keyOf(item))));
  const existing = new Map();
  for (const element of [...parent.children]) {
    if (wanted.has(element.dataset.key)) existing.set(element.dataset.key, element);
    else if (element.localName !== 'legend') element.remove();
  }
  let next = parent.querySelector(':scope > [data-key]');
  for (const item of items) {
    const key = String(keyOf(item));
    const element = existing.get(key) ?? byId(template).content.firstElementChild.cloneNode(true);
    assign(element.dataset, { key });
    if (element === next) next = next.nextElementSibling;
    else parent.insertBefore(element, next);
    show(element, item);
  }
}

function setText(element, text) {
  assign(element, { textContent: text });
}

/** Leaves everything unchanged that is already right. */
function assign(target, values) {
  for (const [key, value] of Object.entries(values)) if (target[key] !== value) target[key] = value;
}

/** When an update removes the focused button, the focus goes to the button beside it, not to the top of the page. */
function keepFocus(update) {
  const focused = document.activeElement;
  const places = [focused.closest('.call'), focused.closest('.card')];
  update();
  if (focused.isConnected && !focused.hidden) return;
  for (const place of places) {
    if (!place?.isConnected) continue;
    const button = [...place.querySelectorAll('.actions button, .call-in')].find((one) => one.checkVisibility());
    if (button === undefined) continue;
    button.focus();
    return;
  }
}

setInterval(tick, 1000);
connect();
