// What the dialogs of the 3CX nodes share. Node-RED loads it once for each node's definition, before that definition
// runs, so it may be evaluated several times and keeps no state that must survive this.
(function () {
  const operations = {
    '3cx-call-control': {
      makecall: ['extension', 'destination', 'phone'],
      answer: ['extension'],
      drop: ['extension'],
      transfer: ['extension', 'destination'],
      atttrans: ['extension'],
      divert: ['extension', 'destination'],
      park: ['extension'],
      unpark: ['extension', 'phone'],
      stop: [],
    },
    '3cx-agent-status': {
      setstatus: ['extension', 'profile'],
      showstatus: ['extension'],
      ready: ['extension'],
      notready: ['extension'],
      login: ['extension', 'action', 'queue'],
      logout: ['extension'],
    },
    '3cx-recorder': {
      start: ['extension'],
      stop: ['extension'],
      pause: ['extension'],
      resume: ['extension'],
    },
    '3cx-call-monitor': {
      watch: [],
      showallcalls: [],
      getcallerid: ['extension'],
      ondn: ['extension'],
      dnregs: ['extension'],
    },
  };

  // Properties with a fixed set of values, in the order they are offered in.
  const choices = {
    phone: ['Soft', 'Web', 'Desktop', 'Mobile'],
    action: ['login_all', 'logout_all'],
    profile: ['avail', 'away', 'oof', 'custom1', 'custom2'],
    direction: ['any', 'inbound', 'outbound'],
    scope: ['any', 'external', 'internal'],
  };
  const longProfiles = ['Available', 'Away', 'Out of office', 'Custom 1', 'Custom 2'];

  // What can be watched for, in the order of the outputs.
  const watchEvents = [
    ...['ringing', 'dialing', 'answered', 'held', 'resumed', 'recording', 'transferred', 'ring-stopped', 'ended'],
    ...['missed', 'offline', 'online'],
  ];

  // What a test of the connection can find, and what it may add.
  const testProblems = [
    ...['invalid-argument', 'unreachable', 'timeout', 'lost', 'unauthorized', 'server-error', 'unsupported'],
    ...['unexpected-answer', 'secret', 'busy', 'closed'],
  ];
  const testHints = ['idle', 'no-list', 'host-name'];
  const testServers = ['shipped', 'documented'];

  const optional = ['queue'];
  const types = ['msg', 'flow', 'global', 'str', 'env', 'jsonata'];

  // What an environment variable makes of a value is known at run time only.
  const hasEnv = (value) => /\$\{[^}]+\}/.test(value);

  // While a dialog is open, its node's values stand in the form; those of every other node stand in the node. Other
  // nodes are validated meanwhile too: all users of a connection when that is saved.
  function written(node, property) {
    const form = $('#dialog-form');
    if (form.data('threecxNode') !== node) return node[property];
    const field = form.find('#node-input-' + property);
    return field.is(':checkbox') ? field.prop('checked') : field.val();
  }

  function current(node, property) {
    return written(node, property) ?? node._def.defaults[property].value;
  }

  function argumentsOf(node) {
    return [...new Set(Object.values(operations[node.type]).flat())];
  }

  // "msg", an environment variable and an operation that only a later version knows may need any argument.
  function usedArguments(node) {
    return operations[node.type][current(node, 'operation')] ?? argumentsOf(node);
  }

  // A reason why a fixed value can't be sent, or true.
  function checkText(node, name, value) {
    if (hasEnv(value)) return true;
    if (choices[name]) {
      const known = choices[name].includes(value) || (name === 'profile' && longProfiles.includes(value));
      return known || node._('threecx.error.choice', { value });
    }
    const pattern = name === 'destination' ? /^[0-9A-Za-z_.*+@-]{1,64}$/ : /^[0-9A-Za-z_.*+-]{1,32}$/;
    const reserved = name === 'destination' ? ['.', '..'] : ['.', '..', 'all'];
    return (pattern.test(value) && !reserved.includes(value)) || node._('threecx.error.' + name);
  }

  function checkArgument(node, name, value, type) {
    const text = String(value);
    if (text.trim() === '') {
      const blankAllowed = optional.includes(name) || operations[node.type][current(node, 'operation')] === undefined;
      return blankAllowed || node._('threecx.error.empty-' + name);
    }
    if (type === 'str') return checkText(node, name, text);
    return RED.utils.validateTypedProperty(text, type, {});
  }

  function choiceOptions(node, name) {
    const options = choices[name].map((value) => ({ value, label: node._('threecx.' + name + '.' + value) }));
    const saved = node[name];
    if (node[name + 'Type'] === 'str' && saved && !choices[name].includes(saved)) {
      options.push({ value: saved, label: saved });
    }
    return options;
  }

  // The arguments that are completed. A destination is an extension often enough.
  const completed = ['extension', 'destination'];
  const extensionStates = ['talking', 'ringing', 'dialing', 'held', 'idle'];

  const serverOf = () => RED.nodes.node($('#node-input-server').val());

  // What the chosen connection has seen. Asked anew each time, since states change while a dialog is open. A field that
  // takes anything needs no error when this can't be had.
  function askExtensions(done) {
    const server = serverOf();
    if (!server) {
      done([]);
      return;
    }
    $.getJSON('3cx/' + encodeURIComponent(server.id) + '/extensions').then(
      (list) => done(Array.isArray(list) ? list : []),
      () => done([]),
    );
  }

  const suggestion = (value, text, note) => ({
    value,
    label: $('<div>')
      .css({ display: 'flex', justifyContent: 'space-between', gap: '16px' })
      .append(
        text === '' ? null : $('<span>').text(text),
        $('<span>').css({ color: 'var(--red-ui-secondary-text-color)', overflow: 'hidden' }).text(note),
      ),
  });

  // What fits the last entry of a text. The widget takes the first row when Enter or Tab is pressed, so that row is
  // what stands in the field: an extension 1 must not become 10.
  function suggest(node, before, entry, extensions) {
    const taken = before.split(',').map((other) => other.trim());
    const words = ({ state, profile }) =>
      [
        extensionStates.includes(state) ? node._('threecx.extension-state.' + state) : state,
        choices.profile.includes(profile) ? node._('threecx.status.' + profile) : profile,
      ]
        .filter(Boolean)
        .join(', ');
    const fitting = extensions
      .map((known) => ({ ...known, extension: String(known.extension) }))
      .filter(({ extension }) => extension.startsWith(entry) && !taken.includes(extension))
      .sort((a, b) => a.extension.localeCompare(b.extension, undefined, { numeric: true }));
    const others = fitting.filter(({ extension }) => extension !== entry);
    if (others.length === 0) return [];
    const same = fitting.find(({ extension }) => extension === entry);
    const note = same ? words(same) : node._('threecx.suggest.' + (entry === '' ? 'any' : 'typed'));
    return [
      suggestion(before + entry, entry, note),
      ...others.map((known) => suggestion(before + known.extension, known.extension, words(known))),
    ];
  }

  // A function that offers the extensions for a field, the way that Node-RED's own completion wants it.
  function completion(node, input, isList) {
    return (text, done) => {
      const entry = isList ? text.slice(text.lastIndexOf(',') + 1).trimStart() : text;
      const before = text.slice(0, text.length - entry.length);
      askExtensions((extensions) => {
        // The answer may come when the field was left already; its menu would draw the focus back.
        done(input().is(':focus') ? suggest(node, before, entry, extensions) : []);
      });
    };
  }

  // The part of a typed input that has the focus.
  const typedBox = (field) => field.next('.red-ui-typedInput-container');
  const textOf = (field) => typedBox(field).find('.red-ui-typedInput-input');

  // A label is for the field that a typed input hides; who can't see the label hears it only when told.
  function bindLabel(node, name, field) {
    const id = field.attr('id');
    const label = field.closest('.form-row').find('label');
    label.find('span').attr('id', id + '-label');
    textOf(field).attr('aria-labelledby', id + '-label');
    typedBox(field)
      .find('.red-ui-typedInput-option-trigger')
      .attr({ id: id + '-choice', 'aria-labelledby': id + '-label ' + id + '-choice' });
    // Which kind of value is chosen stands in the title of its button only.
    const kind = typedBox(field).find('.red-ui-typedInput-type-select');
    const nameKind = () => kind.attr('aria-label', node._('threecx.label.' + name) + ': ' + kind.attr('title'));
    field.on('typedinputtypechange', nameKind);
    nameKind();
    label.on('click', () => {
      typedBox(field).find('input, .red-ui-typedInput-option-trigger').filter(':visible').first().trigger('focus');
    });
  }

  // The text type as this argument needs it. The editor marks a bad value by itself; `validate` here brings the reason
  // to where the pointer is.
  function textType(node, name, field) {
    return {
      value: 'str',
      label: RED._('typedInput.type.str'),
      icon: 'red/images/typedInput/az.svg',
      validate: (value) => checkArgument(node, name, value, 'str'),
      ...(choices[name] && { options: choiceOptions(node, name) }),
      ...(completed.includes(name) && { autoComplete: completion(node, () => textOf(field), false) }),
    };
  }

  function prepareArgument(node, name) {
    const field = $('#node-input-' + name);
    // Validating the form while it is built would tie reasons to the plain fields, which are hidden in a moment.
    field.attr('skipValidation', true);
    field.typedInput({
      types: types.map((type) => (type === 'str' ? textType(node, name, field) : type)),
      typeField: '#node-input-' + name + 'Type',
    });
    field.removeAttr('skipValidation');
    bindLabel(node, name, field);
    if (completed.includes(name)) {
      // An empty field is one that wants to be chosen for.
      textOf(field).on('click', function () {
        if (this.value === '' && field.typedInput('type') === 'str') $(this).trigger('keyup');
      });
    }
    // The property that is named like the argument is what comes in a message; as a text it is nobody's number. Coming
    // from a list of choices the field is empty.
    field.on('typedinputtypechange', (_event, type) => {
      const value = field.typedInput('value');
      if (type === 'msg' && value === '') field.typedInput('value', name);
      if (type === 'str' && value === name && !choices[name]) {
        field.typedInput('value', '');
        // Once the menu of types is gone.
        setTimeout(() => textOf(field).trigger('click'));
      }
    });
  }

  // What a flow leaves out takes its default at run time, so the form shows the default. What a later version wrote
  // into a choice stays in it, or saving the dialog would put another value in its place.
  function prepareFields(node, prefix) {
    for (const [property, definition] of Object.entries(node._def.defaults)) {
      const field = $('#' + prefix + '-' + property);
      if (definition.type || field.length === 0 || field.prop('multiple')) continue;
      const value = node[property] ?? definition.value;
      if (field.is(':checkbox')) field.prop('checked', String(value) === 'true');
      else if (node[property] === undefined) field.val(value);
      if (field.is('select') && field.val() !== value) {
        $('<option>').val(value).text(value).appendTo(field);
        field.val(value);
      }
    }
  }

  // Whoever can send a message can then call any number.
  function isFree(node) {
    if (!usedArguments(node).includes('destination')) return false;
    const server = serverOf();
    return ['msg', 'jsonata'].includes(current(node, 'destinationType')) && server && !server.allowDestinations;
  }

  // Where there is one connection only, a node that has none yet can but mean that.
  function chooseOnlyServer() {
    const select = $('#node-input-server');
    const others = select.find('option').filter((_, option) => option.value !== '_ADD_');
    if (select.val() === '_ADD_' && others.length === 1) select.val(others.val());
  }

  const isWatching = (node, read) => (read('operation') ?? node._def.defaults.operation.value) === 'watch';

  // A flow that doesn't say which events means all; the default of the property is for new nodes.
  const eventsOf = (events) => [events ?? watchEvents].flat();

  // The events that have outputs of their own; null when there is one output for everything.
  function splitOf(node, read) {
    if (!isWatching(node, read) || String(read('split')) !== 'true') return null;
    const events = eventsOf(read('events'));
    return watchEvents.filter((name) => events.includes(name));
  }
  const savedSplit = (node) => splitOf(node, (property) => node[property]);

  // A fixed value; in braces where another one comes from.
  function inLabel(node, name) {
    const read = (property) => node[property] ?? node._def.defaults[property].value;
    const [value, type] = [read(name), read(name + 'Type')];
    if (type === 'str') return choices[name]?.includes(value) ? node._('threecx.' + name + '.' + value) : value;
    if (type === 'msg') return '{' + value + '}';
    const { key } = RED.utils.parseContextKey(String(value));
    if (type === 'flow' || type === 'global') return '{' + type + '.' + key + '}';
    if (type === 'env') return hasEnv(value) ? value : '${' + value + '}';
    return '{…}';
  }

  // Tells the editor, the way it wants to know, how many outputs there are and where each one was before: wires stay
  // with their events. Between one output and several, the wires of the first one stay.
  function mapOutputs(node) {
    const before = savedSplit(node);
    const after = splitOf(node, (property) => written(node, property));
    const portBefore = (name, port) => {
      if (before !== null && after !== null) return before.indexOf(name);
      return port === 0 ? 0 : -1;
    };
    const map = Object.fromEntries(Array.from({ length: node.outputs }, (_, port) => [port, -1]));
    for (const [port, name] of (after ?? ['']).entries()) {
      const old = portBefore(name, port);
      map[old in map ? old : 'new' + port] = port;
    }
    $('#node-input-outputs').val(JSON.stringify(map));
  }

  function checkEvents(node, events) {
    if (events.length === 0) return node._('threecx.error.no-event');
    const unknown = events.find((name) => !watchEvents.includes(name));
    return unknown === undefined || node._('threecx.error.event', { name: unknown });
  }

  // The same syntax as at run time.
  function checkList(node, text) {
    const entries = text
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '');
    for (const [index, entry] of entries.entries()) {
      const range = /^(\d+)\s*-\s*(\d+)$/.exec(entry);
      if (range && (range[1].length !== range[2].length || range[1] > range[2])) {
        return node._('threecx.error.list-range', { entry: index + 1 });
      }
      if (!range && !/^[0-9A-Za-z_.*?+-]+$/.test(entry)) return node._('threecx.error.list', { entry: index + 1 });
    }
    return true;
  }

  function eventBox(node, name, checked) {
    const box = $('<input type="checkbox">').val(name).prop('checked', checked);
    const words = node._('threecx.' + (watchEvents.includes(name) ? 'event.' + name : 'label.unknown-event'));
    return $('<label>').append(box, $('<span>').text(words), $('<code>').text(name));
  }

  // The check boxes stand for a list that the editor itself fills, validates and saves. An event that only a later
  // version knows has one too.
  function prepareWatch(node) {
    const list = $('#node-input-events');
    const grid = $('#dialog-form .threecx-events');
    const chosen = eventsOf(node.events);
    const names = [...new Set([...watchEvents, ...chosen])];
    list.append(names.map((name) => new Option(name, name))).val(chosen);
    grid.append(names.map((name) => eventBox(node, name, chosen.includes(name))));
    const boxes = grid.find('input');
    const extensions = $('#node-input-extensions');
    extensions.autoComplete({ search: completion(node, () => extensions, true), minLength: 0 });

    const update = () => {
      const reason = window.threecxEditor.validateWatch(node, 'events', list.val());
      $('#dialog-form .threecx-reason').text(reason === true ? '' : reason);
      mapOutputs(node);
    };
    const take = () => {
      list
        .val(
          boxes
            .filter(':checked')
            .get()
            .map((box) => box.value),
        )
        .trigger('change');
    };
    boxes.on('change', take);
    $('#dialog-form [data-threecx-check]').on('click', function () {
      boxes.prop('checked', this.dataset.threecxCheck === 'all');
      take();
    });
    $('#node-input-events, #node-input-split, #node-input-operation').on('change', update);
    update();
  }

  // The credentials of connections that were deployed, as the runtime shows them. The editor itself asks only when a
  // dialog opens, and forgets them at a deploy.
  let deployedCredentials = new WeakMap();
  RED.events.on('deploy', () => (deployedCredentials = new WeakMap()));

  // Undefined while they are not known. When they are, the node is validated anew.
  function credentialsOf(node) {
    if (node.credentials) return node.credentials;
    if (!deployedCredentials.has(node) && RED.user.hasPermission('credentials.read')) {
      const known = deployedCredentials;
      known.set(node, undefined);
      $.getJSON('credentials/3cx-config/' + encodeURIComponent(node.id)).then((credentials) => {
        known.set(node, credentials);
        for (const changed of [node, ...(node.users ?? [])]) RED.editor.validateNode(changed);
        RED.view.redraw();
      });
    }
    return deployedCredentials.get(node);
  }

  // The log-in of a connection: in its dialog what stands in the form. A secret that is stored is only known to be so.
  function logInOf(node) {
    const form = $('#node-config-dialog-edit-form');
    if (form.data('threecxNode') === node) {
      const [auth, user, token] = ['auth', 'user', 'token'].map((name) =>
        form.find('#node-config-input-' + name).val(),
      );
      return { auth, user, token };
    }
    if (!['basic', 'bearer'].includes(node.auth)) return { auth: node.auth };
    const credentials = credentialsOf(node);
    // Not known yet: nothing is marked before it is.
    if (!credentials) return {};
    const { user, token, has_token } = credentials;
    return { auth: node.auth, user, token: token || (has_token ? 'stored' : '') };
  }

  // The runtime's own rule. A Node-RED that was not restarted after an update does not have it.
  const operationAtEnd = () => new RegExp(RED.settings['3cxConfigOperationAtEnd'] ?? '(?!)', 'i');

  // The connection as its dialog has it. A secret that was not typed anew is a mark, which Node-RED knows how to replace.
  function testValues(node) {
    const names = ['url', 'auth', 'user', 'password', 'token', 'tls', 'proxy', 'timeout'];
    const values = names.map((name) => [name, $('#node-config-input-' + name).val() ?? '']);
    return {
      id: node.id,
      z: $('#red-ui-editor-config-scope').val() ?? '',
      ...Object.fromEntries(values.map(([name, value]) => [name, value === '_ADD_' ? '' : value])),
    };
  }

  // What a test found, as [good, warning or bad, words].
  function verdictOf(node, { problem, detail, server, calls, milliseconds, hint }) {
    const words = (key) => node._('threecx.test.' + key);
    const found = [];
    if ((problem === null || hint === 'no-list') && testServers.includes(server)) found.push(words('server.' + server));
    if (problem === null) {
      if (calls !== null) found.push(node._('threecx.status.calls', { count: calls }));
      found.push(milliseconds + ' ms');
    }
    // This hint says it all: such a server is the HTTP API.
    if (hint === 'host-name') return ['bad', words('hint.host-name')];
    let line = words(problem === null ? 'ok' : 'problem.' + (testProblems.includes(problem) ? problem : 'other'));
    // A sentence of ours, or the name that the system has for the reason.
    if (problem === 'invalid-argument' && detail) line += ': ' + detail;
    else if (problem !== null && detail) line += ' (' + detail + ')';
    if (found.length > 0) line += ': ' + found.join(', ');
    if (testHints.includes(hint)) line += '. ' + words('hint.' + hint);
    return [problem !== null ? 'bad' : hint ? 'warning' : 'good', line];
  }

  // Why there was no test at all.
  function failureOf(node, { status }) {
    const known = { 0: 'offline', 401: 'forbidden', 403: 'forbidden', 404: 'missing' };
    return node._('threecx.test.failed.' + (known[status] ?? 'other')) + (known[status] ? '' : ' (' + status + ')');
  }

  function prepareTest(node, form) {
    const icons = {
      running: 'spinner fa-spin',
      good: 'check-circle',
      warning: 'exclamation-triangle',
      bad: 'times-circle',
    };
    const button = form.find('.threecx-test button');
    const verdict = form.find('.threecx-verdict');
    let tested = null;
    let request;

    const say = (kind, words) => {
      const icon = $('<i aria-hidden="true">').addClass('fa fa-' + icons[kind]);
      verdict.attr('data-threecx-verdict', kind).empty().append(icon, $('<span>').text(words));
    };
    const ended = () => {
      const focusLost = document.activeElement === document.body;
      button.prop('disabled', false);
      if (focusLost) button.trigger('focus');
    };
    button.on('click', () => {
      tested = JSON.stringify(testValues(node));
      button.prop('disabled', true);
      say('running', node._('threecx.test.running'));
      request = $.ajax({
        url: '3cx/test',
        method: 'POST',
        contentType: 'application/json',
        dataType: 'json',
        data: tested,
      });
      request.then(
        (result) => {
          if (tested !== null) say(...verdictOf(node, result ?? {}));
        },
        (failure) => {
          if (tested !== null) say('bad', failureOf(node, failure));
        },
      );
      request.always(ended);
    });
    // A verdict is about the values it was asked for.
    form.on('input change', () => {
      if (tested === null || JSON.stringify(testValues(node)) === tested) return;
      tested = null;
      verdict.removeAttr('data-threecx-verdict').empty();
      request.abort();
    });
  }

  window.threecxEditor = {
    /** Sets a dialog up; for oneditprepare. */
    prepare(node) {
      $('#dialog-form').data('threecxNode', node);
      prepareFields(node, 'node-input');
      chooseOnlyServer();
      $('#dialog-form label i').attr('aria-hidden', 'true');
      for (const name of argumentsOf(node)) prepareArgument(node, name);

      const show = () => {
        const used = usedArguments(node);
        $('#dialog-form [data-threecx-argument]').each(function () {
          $(this).toggle(used.includes(this.dataset.threecxArgument));
        });
        const operation = $('#node-input-operation').val();
        $('#dialog-form [data-threecx-only]').each(function () {
          $(this).toggle(operation === this.dataset.threecxOnly);
        });
        $('#dialog-form .threecx-free').toggle(Boolean(isFree(node)));
        RED.tray.resize();
      };
      $('#node-input-operation, #node-input-server').on('change', show);
      $('#node-input-destination').on('typedinputtypechange', show);
      show();
      if (node._def.defaults.events) prepareWatch(node);
    },

    /** Sets the connection's dialog up; for oneditprepare. */
    prepareConnection(node) {
      prepareFields(node, 'node-config-input');
      const form = $('#node-config-dialog-edit-form');
      form.data('threecxNode', node);
      const show = () => {
        const auth = $('#node-config-input-auth').val();
        form.find('[data-threecx-auth]').each(function () {
          $(this).toggle(this.dataset.threecxAuth === auth);
        });
        // An environment variable may hold an https address.
        const secure = /^\s*(https:|\$\{)/i.test($('#node-config-input-url').val());
        form.find('[data-threecx-tls]').toggle(secure);
        RED.tray.resize();
      };
      $('#node-config-input-auth, #node-config-input-url').on('input change', show);
      show();
      form.find('label i').attr('aria-hidden', 'true');
      prepareTest(node, form);
    },

    /** Is the operation one of this node's? */
    validateOperation(node, value = node._def.defaults.operation.value) {
      const known = value === 'msg' || hasEnv(value) || operations[node.type][value] !== undefined;
      return known || node._('threecx.error.operation', { operation: value });
    },

    /** Can this argument be sent? One that the chosen operation doesn't take is always fine. */
    validateArgument(node, name, value = node._def.defaults[name].value) {
      return !usedArguments(node).includes(name) || checkArgument(node, name, value, current(node, name + 'Type'));
    },

    /** Is a property of `watch` as it should be? With another operation it always is. */
    validateWatch(node, name, value) {
      if (value === undefined || !isWatching(node, (property) => written(node, property))) return true;
      if (name === 'events') return checkEvents(node, eventsOf(value));
      if (name === 'number') return this.validatePattern(node, value, true);
      if (name === 'minRing') return this.validateNumber(node, value, 0);
      if (choices[name]) return checkText(node, name, value);
      return hasEnv(value) || checkList(node, String(value));
    },

    /** A flow written by hand may say `split` and not how many `outputs`; for onadd. */
    countOutputs(node) {
      node.outputs = Math.max(node.outputs, savedSplit(node)?.length ?? 1);
    },

    /** The event that an output is for, in words. */
    outputLabel(node, port) {
      if (!isWatching(node, (property) => node[property])) return node._('threecx.label.answer');
      const name = savedSplit(node)?.[port];
      return node._(name === undefined ? 'threecx.label.event' : 'threecx.event.' + name);
    },

    /** What a message to the input does. */
    inputLabel(node) {
      return node._('threecx.label.' + (isWatching(node, (property) => node[property]) ? 'ask-watch' : 'ask'));
    },

    /** "call 11 from 10", "call {destination} from 10" when one of them is known, "Make a call" when none is. */
    label(node) {
      if (node.name) return node.name;
      const operation = node.operation ?? node._def.defaults.operation.value;
      if (operation === 'watch') {
        const extensions = String(node.extensions ?? '').trim();
        return node._('threecx.summary.' + (extensions === '' ? 'watch-all' : 'watch'), { extensions });
      }
      const takes = operations[node.type][operation];
      if (takes === undefined) return node._('threecx.label.palette');
      const named = takes.filter((name) => name !== 'phone' && !optional.includes(name));
      const isFixed = (name) => node[name + 'Type'] === 'str' && node[name];
      if (!named.some(isFixed)) return node._('threecx.operation.' + operation);
      const values = Object.fromEntries(named.map((name) => [name, inLabel(node, name)]));
      return node._('threecx.summary.' + operation, values);
    },

    /** Does the connection have what its authentication needs? Asked of `auth`, `user` and `token`. */
    validateLogIn(node, name) {
      const { auth, ...given } = logInOf(node);
      const needed = { basic: 'user', bearer: 'token' }[auth];
      if (needed === undefined || (name !== 'auth' && name !== needed)) return true;
      const reasons = { user: 'threecx.error.no-user', token: 'threecx.error.no-token' };
      return String(given[needed] ?? '').trim() !== '' || node._(reasons[needed]);
    },

    /** A base URL: http or https, nothing after the path, no password in it, and no operation at its end. */
    validateUrl(node, value = node._def.defaults.url.value) {
      const text = String(value).trim();
      const endsInOperation = (path) => operationAtEnd().test(path) && node._('threecx.error.url-operation');
      if (hasEnv(text)) return endsInOperation(text.replace(/^[a-z]+:\/\/[^/]*/i, '')) || true;
      let url;
      try {
        url = new URL(text);
      } catch {
        return node._('threecx.error.url');
      }
      if (!/^https?:$/.test(url.protocol)) return node._('threecx.error.url');
      if (url.username || url.password) return node._('threecx.error.url-credentials');
      if (/[?#]/.test(text)) return node._('threecx.error.url-query');
      return endsInOperation(url.pathname) || true;
    },

    /** A whole number from `min` on. */
    validateNumber(node, value, min) {
      const text = String(value).trim();
      return (
        value === undefined ||
        hasEnv(text) ||
        (/^\d+$/.test(text) && Number(text) >= min) ||
        node._('threecx.error.number', { min })
      );
    },

    /** A regular expression that compiles. Blank would match everything, so it must be allowed. */
    validatePattern(node, value, blankAllowed) {
      const text = String(value);
      if (value === undefined || hasEnv(text)) return true;
      if (text === '') return blankAllowed || node._('threecx.error.pattern-empty');
      try {
        new RegExp(text);
        return true;
      } catch (error) {
        // Without the expression, which the message quotes: the editor takes a connection's reasons for HTML.
        const reason = error.message.split(': ').at(-1);
        return node._('threecx.error.pattern', { reason });
      }
    },
  };
})();
