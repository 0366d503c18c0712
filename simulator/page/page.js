/** How many requests are kept, and how many rows of them are shown. */
const maxRequests = 1000;
const maxRows = 100;
/** The operations that a flow may poll. */
const queries = ['showallcalls', 'getcallerid', 'ondn', 'showstatus', 'dnregs'];
/** The look of each connection status. */
const looks = { Ringing: 'ringing', Dialing: 'dialing', Connected: 'talking', Hold: 'hold', Held: 'hold' };
/** A card with several connections gets the first of these. */
const byLoudness = ['ringing', 'dialing', 'talking', 'hold'];
const twoDigits = new Intl.NumberFormat('en', { minimumIntegerDigits: 2 });

const byId = (id) => document.getElementById(id);

/** The last state from `/api/events`. Everything from there is shown as text. */
let state;
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
    state = JSON.parse(data);
    ahead = state.now - Date.now();
    keepFocus(showState);
    tick();
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

function showLink(isConnected) {
  document.body.classList.toggle('disconnected', !isConnected);
  setText(byId('link'), isConnected ? 'Live' : 'Disconnected. Waiting for the simulator…');
}

// ---- to the simulator ----------------------------------------------------------------------------------------------

document.addEventListener('click', ({ target }) => {
  const button = target.closest('button[data-action]');
  if (button === null) return;
  const { action } = button.dataset;
  const { extension, queue } = button.closest('.card')?.dataset ?? {};
  if (action === 'end-all') void ask('DELETE', 'api/calls');
  // JSON leaves out what is undefined.
  else if (action === 'call-in') void ask('POST', 'api/calls', { number: byId('number').value, extension, queue });
  else void ask('POST', `api/connections/${button.closest('.call').dataset.connection}/${action}`);
});

async function ask(method, path, body) {
  let problem = '';
  try {
    const response = await fetch(path, { method, body: JSON.stringify(body) });
    if (!response.ok) problem = (await response.json()).message;
  } catch {
    problem = 'The simulator does not answer.';
  }
  setText(byId('problem'), problem);
}

// ---- extensions, queues, trunk -------------------------------------------------------------------------------------

function showState() {
  setText(byId('api-url'), state.apiUrl);
  list(byId('extensions'), state.extensions, ({ number }) => number, 'extension-card', showExtension);
  list(byId('queues'), state.queues, ({ number }) => number, 'queue-card', showQueue);
  const trunk = byId('trunk');
  setText(trunk.querySelector('.dn'), state.trunk);
  showConnections(trunk, state.trunk);
  showV20(state.v20);
}

/** Not there: the V20 APIs aren't served. */
function showV20(v20) {
  byId('v20').hidden = v20 === undefined;
  if (v20 === undefined) return;
  const { url, clientId, tokens, foreignTokens, sockets, requests } = v20;
  const taken = foreignTokens === 0 ? [] : [`${foreignTokens} taken by another program`];
  const facts = [`client ${clientId}`, `tokens: ${tokens}`, ...taken, `open WebSockets: ${sockets.length}`];
  setText(byId('v20-client'), [url, ...facts].join(' · '));
  list(
    byId('v20-requests'),
    requests.toReversed(),
    ({ id }) => id,
    'request',
    (row, { at, method, path, status, milliseconds }) => {
      setText(row.querySelector('.time'), new Date(at).toLocaleTimeString('en-GB'));
      setText(row.querySelector('.path'), `${method} ${path}`);
      setText(row.querySelector('.answer div'), status === null ? '' : String(status));
      setText(row.querySelector('.took'), status === null ? 'waiting…' : `${milliseconds} ms`);
      row.className = status === null ? 'pending' : '';
    },
  );
}

function showExtension(card, { number, name, profile, phones, agentOf, loggedInTo }) {
  card.dataset.extension = number;
  setText(card.querySelector('.dn'), number);
  setText(card.querySelector('h3'), name);
  const badge = card.querySelector('.profile');
  setText(badge, profile);
  badge.dataset.profile = profile;
  card.querySelector('.call-in').ariaLabel = `Call in for ${number}`;
  card.querySelector('.calls').ariaLabel = `Connections of ${number}`;
  showConnections(card, number);
  showChips(card, agentOf, loggedInTo, (queue) => state.queues.find((one) => one.number === queue)?.name ?? queue);
  list(
    card.querySelector('.phones'),
    phones,
    ({ id }) => id,
    'phone',
    (item, { contact, userAgent }) => {
      setText(item, userAgent);
      item.title = contact;
    },
  );
}

function showQueue(card, { number, name, agents, loggedIn }) {
  const waiting = state.calls.filter(({ waitingIn }) => waitingIn === number);
  card.dataset.queue = number;
  card.dataset.look = waiting.length > 0 ? 'ringing' : 'idle';
  setText(card.querySelector('.dn'), number);
  setText(card.querySelector('h3'), name);
  setText(card.querySelector('.waiting'), waiting.length === 0 ? 'Nobody waits' : `${waiting.length} waiting`);
  card.querySelector('.call-in').ariaLabel = `Call in for queue ${number}`;
  list(
    card.querySelector('.calls'),
    waiting.map(({ connections: [caller] }) => caller),
    ({ id }) => id,
    'call',
    (row, caller) => {
      const rung = others(caller);
      const details = rung.length > 0 ? `rings ${namesOf(rung)}` : 'no agent is free';
      const party = namesOf([caller]);
      showCall(row, caller, { status: 'Waiting', look: 'ringing', party, details, actions: ['hangup'] });
    },
  );
  showChips(card, agents, loggedIn, (agent) => agent);
}

function showChips(card, all, loggedIn, titleOf) {
  list(
    card.querySelector('.chips'),
    all,
    (dn) => dn,
    'chip',
    (chip, dn) => {
      const isIn = loggedIn.includes(dn);
      setText(chip, dn);
      chip.classList.toggle('in', isIn);
      chip.title = `${titleOf(dn)}: logged ${isIn ? 'in' : 'out'}`;
      chip.ariaLabel = chip.title;
    },
  );
}

function showConnections(card, dn) {
  const own = state.connections.filter((connection) => connection.dn === dn);
  const shown = own.map(({ status }) => looks[status]);
  card.dataset.look = byLoudness.find((look) => shown.includes(look)) ?? 'idle';
  list(
    card.querySelector('.calls'),
    own,
    ({ id }) => id,
    'call',
    (row, connection) => {
      const { status, party, queue } = connection;
      const details = [];
      if (queue !== null) details.push(`via ${state.queues.find(({ number }) => number === queue)?.name ?? queue}`);
      if (dn === state.trunk) details.push(partners(connection));
      const isParked = status === 'Held' && party === '*00';
      showCall(row, connection, {
        status,
        look: looks[status],
        party: isParked ? 'Parked at 0' : party,
        details: details.join(' · '),
        actions: actionsOf(connection),
      });
    },
  );
}

function showCall(row, { id, recording }, { status, look, party, details, actions }) {
  row.dataset.connection = id;
  row.dataset.look = look;
  setText(row.querySelector('.status'), status);
  setText(row.querySelector('.party'), shown(party));
  const recorded = recording === 'Stop' ? [] : [`REC ${recording}`];
  setText(
    row.querySelector('.details'),
    [details, ...recorded, `ID\u00a0${id}`].filter((text) => text !== '').join(' · '),
  );
  row.querySelector('.duration').dataset.since = state.since[id];
  for (const button of row.querySelectorAll('button')) {
    button.hidden = !actions.includes(button.dataset.action);
    button.ariaLabel = `${button.textContent}, ID ${id}`;
  }
}

/** The other connections of its call, but for the one that a queue has itself. */
function others({ id, call }) {
  const queues = state.queues.map(({ number }) => number);
  return state.connections.filter((other) => other.call === call && other.id !== id && !queues.includes(other.dn));
}

/** With whom somebody outside is connected. */
function partners(connection) {
  const all = others(connection);
  const talking = all.filter(({ status }) => status !== 'Ringing');
  if (talking.length > 0) return `with ${namesOf(talking)}`;
  if (all.length > 0) return `rings ${namesOf(all)}`;
  return `waits in ${state.calls.find(({ id }) => id === connection.call).waitingIn}`;
}

/** Extensions by their DN, people outside by their number. */
function namesOf(connections) {
  return connections.map(({ dn, party }) => (dn === state.trunk ? shown(party) : dn)).join(', ');
}

function shown(party) {
  return party === '' ? 'Number withheld' : party;
}

/** What the connection's state allows. */
function actionsOf(connection) {
  const { dn, status } = connection;
  const actions = ['hangup'];
  if (status === 'Ringing' || (status === 'Dialing' && dn === state.trunk)) actions.push('answer');
  if (status === 'Hold') actions.push('resume');
  // Nobody is put on hold who hasn't answered.
  const hasPartner = others(connection).some((other) => other.status !== 'Ringing' && other.status !== 'Dialing');
  if (status === 'Connected' && hasPartner) actions.push('hold');
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

function showRequests() {
  const rows = rowsOf([...requests.values()], byId('collapse').checked)
    .slice(-maxRows)
    .reverse();
  list(
    byId('requests'),
    rows,
    ({ first }) => first.id,
    'request',
    (row, { first, last, count }) => {
      const { path, answer, milliseconds, isUnanswered } = last;
      setText(row.querySelector('.time'), new Date(first.at).toLocaleTimeString('en-GB'));
      setText(row.querySelector('.path'), path);
      // A list of calls is easier to read with a line for each.
      setText(row.querySelector('.answer div'), (answer ?? '').replaceAll(/<br>|<body>/g, '$&\n'));
      const took = isUnanswered ? 'no answer' : answer === null ? 'waiting…' : `${milliseconds} ms`;
      setText(row.querySelector('.took'), count > 1 ? `${took} (${count}×)` : took);
      row.className = isUnanswered ? 'unanswered' : answer === null ? 'pending' : '';
    },
  );
}

/** A query that gets the same answer as the last time is no news: it only counts in the row of that one. */
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

byId('collapse').addEventListener('change', showRequests);

// ---- the document --------------------------------------------------------------------------------------------------

/**
 * Shows one element per item, made from a template. Elements stay as long as their items do, so that focus and
 * selection survive.
 */
function list(parent, items, keyOf, template, show) {
  const wanted = new Set(items.map((item) => String(keyOf(item))));
  const existing = new Map();
  for (const element of [...parent.children]) {
    if (wanted.has(element.dataset.key)) existing.set(element.dataset.key, element);
    else element.remove();
  }
  let next = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    const element = existing.get(key) ?? byId(template).content.firstElementChild.cloneNode(true);
    element.dataset.key = key;
    if (element === next) next = next.nextElementSibling;
    else parent.insertBefore(element, next);
    show(element, item);
  }
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** When an update takes the focused button away, the one beside it is next, not the top of the page. */
function keepFocus(update) {
  const focused = document.activeElement;
  const places = [focused.closest('.call'), focused.closest('.card')];
  update();
  if (focused.isConnected && !focused.hidden) return;
  const place = places.find((one) => one?.isConnected && one.querySelector('button:not([hidden])') !== null);
  place?.querySelector('button:not([hidden])').focus();
}

setInterval(tick, 1000);
connect();
