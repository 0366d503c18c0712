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
      showallcalls: [],
      getcallerid: ['extension'],
      ondn: ['extension'],
      dnregs: ['extension'],
    },
  };

  // Arguments with a fixed set of values, in the order they are offered in.
  const choices = {
    phone: ['Soft', 'Web', 'Desktop', 'Mobile'],
    action: ['login_all', 'logout_all'],
    profile: ['avail', 'away', 'oof', 'custom1', 'custom2'],
  };
  const longProfiles = ['Available', 'Away', 'Out of office', 'Custom 1', 'Custom 2'];

  const optional = ['queue'];
  const types = ['msg', 'flow', 'global', 'str', 'env', 'jsonata'];

  // What an environment variable makes of a value is known at run time only.
  const hasEnv = (value) => /\$\{[^}]+\}/.test(value);

  // While a dialog is open, its node's values stand in the form; those of every other node stand in the node. Other
  // nodes are validated meanwhile too: all users of a connection when that is saved.
  function current(node, property) {
    const form = $('#dialog-form');
    const value = form.data('threecxNode') === node ? form.find('#node-input-' + property).val() : node[property];
    return value ?? node._def.defaults[property].value;
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

  // The text type as this argument needs it. The editor marks a bad value by itself; `validate` here brings the reason
  // to where the pointer is.
  function textType(node, name) {
    return {
      value: 'str',
      label: RED._('typedInput.type.str'),
      icon: 'red/images/typedInput/az.svg',
      validate: (value) => checkArgument(node, name, value, 'str'),
      ...(choices[name] && { options: choiceOptions(node, name) }),
    };
  }

  function prepareArgument(node, name) {
    const field = $('#node-input-' + name);
    // Validating the form while it is built would tie reasons to the plain fields, which are hidden in a moment.
    field.attr('skipValidation', true);
    field.typedInput({
      types: types.map((type) => (type === 'str' ? textType(node, name) : type)),
      typeField: '#node-input-' + name + 'Type',
    });
    field.removeAttr('skipValidation');
    // Coming from a list of choices the field is empty: offer the property that is named like the argument.
    field.on('typedinputtypechange', (_event, type) => {
      if (type === 'msg' && field.typedInput('value') === '') field.typedInput('value', name);
    });
  }

  // What a flow leaves out takes its default at run time, so the form shows the default. What a later version wrote
  // into a choice stays in it, or saving the dialog would put another value in its place.
  function prepareFields(node, prefix) {
    for (const [property, definition] of Object.entries(node._def.defaults)) {
      const field = $('#' + prefix + '-' + property);
      if (definition.type || field.length === 0) continue;
      const value = node[property] ?? definition.value;
      if (node[property] === undefined) field.val(value);
      if (field.is('select') && field.val() !== value) {
        $('<option>').val(value).text(value).appendTo(field);
        field.val(value);
      }
    }
  }

  window.threecxEditor = {
    /** Sets a dialog up; for oneditprepare. */
    prepare(node) {
      $('#dialog-form').data('threecxNode', node);
      prepareFields(node, 'node-input');
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
        RED.tray.resize();
      };
      $('#node-input-operation').on('change', show);
      show();
    },

    /** Sets the connection's dialog up; for oneditprepare. */
    prepareConnection(node) {
      prepareFields(node, 'node-config-input');
      const form = $('#node-config-dialog-edit-form');
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

    /** "call 11 from 10" when the values are known, "Make a call" otherwise. */
    label(node) {
      if (node.name) return node.name;
      const operation = node.operation ?? node._def.defaults.operation.value;
      const takes = operations[node.type][operation];
      if (takes === undefined) return node._('threecx.label.palette');
      const named = takes.filter((name) => name !== 'phone' && !optional.includes(name));
      if (named.length === 0 || named.some((name) => node[name + 'Type'] !== 'str' || !node[name])) {
        return node._('threecx.operation.' + operation);
      }
      const values = {};
      for (const name of named) {
        const isChoice = choices[name]?.includes(node[name]);
        values[name] = isChoice ? node._('threecx.' + name + '.' + node[name]) : node[name];
      }
      return node._('threecx.summary.' + operation, values);
    },

    /** A base URL: http or https, nothing after the path, no password in it. */
    validateUrl(node, value = node._def.defaults.url.value) {
      const text = String(value).trim();
      if (hasEnv(text)) return true;
      let url;
      try {
        url = new URL(text);
      } catch {
        return node._('threecx.error.url');
      }
      if (!/^https?:$/.test(url.protocol)) return node._('threecx.error.url');
      if (url.username || url.password) return node._('threecx.error.url-credentials');
      return (!url.search && !url.hash) || node._('threecx.error.url-query');
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
        const reason = error.message.replace(/^Invalid regular expression: /, '');
        return node._('threecx.error.pattern', { reason });
      }
    },
  };
})();
