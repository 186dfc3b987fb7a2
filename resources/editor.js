/* global RED, $, window, document */
/* eslint no-unused-vars: ["error", { "args": "none" }] */
/**
 * What the dialogs of this package share. Every node's .html includes this file by a relative path, so the editor runs it
 * once per node type. The newest run replaces what an earlier one has registered.
 */
(function () {
  const PACKAGE = 'node-red-contrib-nrfcloud-provisioning';
  const CONNECTION = 'nrfcloud-connection';
  const ALL_TYPES = ['msg', 'flow', 'global', 'str', 'json', 'jsonata', 'env'];
  const TEXT_TYPES = ALL_TYPES.filter((type) => type !== 'json');
  /** Highest number of seconds that a timer of Node.js can wait. */
  const MAX_SECONDS = 2147483;
  const MAX_TAG_LENGTH = 100;
  const MAX_SEC_TAG = 4294967295;

  /** A text of the connection's catalog, which holds the texts that several dialogs show. */
  function shared(key, values) {
    return RED._(`${PACKAGE}/${CONNECTION}:${CONNECTION}.common.${key}`, values);
  }

  /** A property as the open dialog shows it, else as the node has it. */
  function shown(node, property) {
    const inDialog = RED.editor.getEditStack().indexOf(node) >= 0;
    const value = inDialog ? $(`#node-input-${property}, #node-config-input-${property}`).val() : undefined;
    return value || node[property];
  }

  // ---- Validators. Node-RED takes the sentence only from a function with exactly two parameters. ----

  function isNumber(value, { min = -Infinity, max = Infinity, whole = false } = {}) {
    const number = Number(value);
    return String(value).trim() !== '' && number >= min && number <= max && (!whole || Number.isInteger(number));
  }

  /** A validator for a number within bounds. @param message shown otherwise */
  function number(bounds, message) {
    return function (value, opt) {
      return isNumber(value, bounds) || message;
    };
  }

  /** A validator for a TypedInput that must not be empty. */
  function required(typeField, message) {
    const check = RED.validators.typedInput(typeField);
    return function (value, opt) {
      return value === '' ? message : check.call(this, value, opt);
    };
  }

  /** A validator for a TypedInput whose text, if it is typed in the dialog, has to pass a test. */
  function text(typeField, test, message) {
    const check = RED.validators.typedInput({ typeField, allowBlank: true });
    return function (value, opt) {
      if (shown(this, typeField) === 'str') return test(String(value)) || message;
      return check.call(this, value, opt);
    };
  }

  /** Characters as a person counts them: an emoji is one. */
  function tagsAreShort(tags) {
    return tags.split(',').every((tag) => Array.from(tag.trim()).length <= MAX_TAG_LENGTH);
  }

  const validators = {
    number,
    required,
    text,
    tags: (typeField) => text(typeField, tagsAreShort, shared('invalid.tags')),
    secTag: (typeField) => text(typeField, isSecTag, shared('invalid.secTag')),
    /** Seconds between two polls. */
    interval: () => number({ min: 0.001, max: MAX_SECONDS }, shared('invalid.interval')),
    /** Seconds until the node gives up, 0 = never. */
    timeout: () => number({ min: 0 }, shared('invalid.timeout')),
    /** A message property to write to. */
    output: () =>
      function (value, opt) {
        return (value !== '' && RED.utils.validatePropertyExpression(value) === true) || shared('invalid.output');
      },
  };

  function isSecTag(value) {
    return isNumber(value, { min: 0, max: MAX_SEC_TAG, whole: true });
  }

  // ---- Parts of dialogs ----

  function tip(icon, sentence) {
    return $('<div class="form-tips nrfcloud-tip">')
      .append($(`<i class="fa fa-fw ${icon}" aria-hidden="true"></i>`))
      .append(document.createTextNode(` ${sentence}`));
  }

  // ---- Tags ----

  /**
   * What to offer for a field with tags. The first entry is what is typed, as the Tab key takes the first: leaving the
   * field must not change it.
   */
  function completions(typedText, names, single) {
    const start = single ? 0 : typedText.lastIndexOf(',') + 1;
    const typed = typedText.slice(start).trim();
    const chosen = typedText
      .slice(0, start)
      .split(',')
      .map((tag) => tag.trim());
    const matches = names.filter((name) => {
      if (!single && (name.includes(',') || chosen.includes(name))) return false;
      return name !== typed && name.toLowerCase().includes(typed.toLowerCase());
    });
    if (matches.length === 0) return [];
    const head = typedText.slice(0, start) + (start > 0 ? ' ' : '');
    return [
      { value: typedText, label: typed || shared('noTag') },
      ...matches.slice(0, 100).map((name) => ({ value: head + name, label: name })),
    ];
  }

  /** The TypedInput type `str` that completes tags from the team's tags; without them it offers nothing. */
  function tagText(single) {
    return {
      value: 'str',
      label: RED._('typedInput.type.str'),
      icon: 'red/images/typedInput/az.svg',
      autoComplete: (typed, done) => {
        $.getJSON('nrfcloud-connection/tags', { id: $('#node-input-connection').val() })
          .done((response) => done(completions(typed, (response && response.tags) || [], single)))
          .fail(() => done([]));
      },
    };
  }

  // ---- Pending work ----

  /** Offers the package's journal and the runtime's context stores for pending work, and says what a choice means. */
  function prepareStore(node) {
    const stores = $('#node-input-store');
    const chosen = node.store || '';
    let survives = {};
    function offer(name) {
      if (stores.find('option').filter((_index, option) => option.value === name).length > 0) return;
      const label = name === '' ? shared('store.journal') : shared('store.context', { name });
      $('<option>').val(name).text(label).appendTo(stores);
    }
    function hint() {
      const resume = $('#node-input-resume').is(':checked');
      const name = stores.val() || '';
      $('.nrfcloud-store').toggle(resume);
      const notes = $('#nrfcloud-store-notes').empty();
      if (!resume || name === '' || survives[name] === undefined) return;
      notes.append(tip('fa-warning', shared(survives[name] ? 'store.flushed' : 'store.forgets')));
    }
    offer('');
    offer(chosen);
    stores.val(chosen);
    $('#node-input-resume, #node-input-store').on('change', hint);
    $.getJSON('nrfcloud-bulk-status/stores').done((response) => {
      survives = { ...response.stores };
      // The default store has an entry without a name, too.
      if (survives.default === undefined && survives[''] !== undefined) survives.default = survives[''];
      Object.keys(survives).forEach(offer);
      hint();
    });
    hint();
  }

  // ---- A dialog as a whole ----

  /** The only connection of the flows, which needs no choice. */
  function onlyConnection() {
    const connections = [];
    RED.nodes.eachConfig((config) => {
      if (config.type === CONNECTION) connections.push(config.id);
    });
    return connections.length === 1 ? connections[0] : undefined;
  }

  /**
   * Sets up the fields of an open dialog: a TypedInput for each property that has a type beside it, the result's property,
   * and the stores for pending work.
   * @param options by property: `tags` ('one' or 'several') completes tags, `json: false` leaves out JSON, `prepare`
   *   sets up the TypedInput itself: `(node, name, types)`
   */
  function prepare(node, options = {}) {
    const connection = node._def.defaults.connection && !node.connection ? onlyConnection() : undefined;
    if (connection !== undefined) $('#node-input-connection').val(connection).trigger('change');
    for (const name of Object.keys(node._def.defaults)) {
      if (node._def.defaults[`${name}Type`] === undefined) continue;
      const { tags, json = true, prepare: prepareField } = options[name] || {};
      const types = json ? ALL_TYPES : TEXT_TYPES;
      if (prepareField) {
        prepareField(node, name, types);
        continue;
      }
      $(`#node-input-${name}`).typedInput({
        default: node._def.defaults[`${name}Type`].value,
        // The text comes first where it completes tags.
        types: tags ? [tagText(tags === 'one'), ...types.filter((type) => type !== 'str')] : types,
        typeField: `#node-input-${name}Type`,
      });
    }
    $('#node-input-output').typedInput({ default: 'msg', types: ['msg'] });
    if (node._def.defaults.store !== undefined) prepareStore(node);
  }

  /**
   * Ties the label of a field to its TypedInput: the widget hides the field that the label is for and shows one that
   * nothing points to, so that neither a click on the label nor a screen reader finds it.
   */
  function tieLabel(field) {
    const label = $(`label[for="${field.id}"]`);
    const widget = $(field).next('.red-ui-typedInput-container');
    widget.find('.red-ui-typedInput-input').attr('id', `${field.id}-shown`);
    label.attr({ id: `${field.id}-label`, for: `${field.id}-shown` });
    widget.find('.red-ui-typedInput-type-select').attr('aria-describedby', `${field.id}-label`);
    widget
      .find('.red-ui-typedInput-option-expand')
      .attr({ 'aria-label': shared('label.expand'), 'aria-describedby': `${field.id}-label` });
  }

  function onTypedInput(event) {
    const edited = RED.editor.getEditStack().pop();
    if (edited && /^nrfcloud-/.test(edited.type)) tieLabel(event.target);
  }

  /**
   * Gives a node of this package the properties that it lacks, as in a flow made by hand or by another release: the
   * runtime takes their defaults, so the dialogs have to show them. A node that is placed by hand gets the only connection.
   */
  function onNode(node, context) {
    if (!/^nrfcloud-/.test(node.type)) return;
    for (const [name, { value }] of Object.entries(node._def.defaults)) {
      if (node[name] === undefined) node[name] = value;
    }
    if (context === undefined || !['palette', 'typeSearch'].includes(context.source) || node.connection !== '') return;
    const connection = onlyConnection();
    if (connection === undefined) return;
    node.connection = connection;
    RED.nodes.updateConfigNodeUsers(node, { action: 'add' });
    RED.editor.validateNode(node);
  }

  const STYLE = `
    .nrfcloud-form .form-row > label { width: 130px; white-space: nowrap; }
    .nrfcloud-form .form-row > label.nrfcloud-inline { width: auto; margin-bottom: 0; white-space: normal; max-width: calc(100% - 160px); vertical-align: middle; }
    .nrfcloud-form .form-row > input[type="checkbox"] { display: inline-block; width: auto; margin: 0; vertical-align: middle; }
    .nrfcloud-form .form-row > input.nrfcloud-number { width: 80px; }
    .nrfcloud-form .form-row > select { width: calc(100% - 140px); }
    .nrfcloud-form .nrfcloud-hint { margin: 2px 0 0 134px; font-size: 12px; color: var(--red-ui-primary-text-color); }
    .nrfcloud-form .nrfcloud-tip { margin: 0 0 12px 134px; max-width: none; }
    .nrfcloud-form .form-row .nrfcloud-tip { margin-top: 6px; margin-bottom: 0; }
    .nrfcloud-form textarea.nrfcloud-text { margin: 4px 0 0 134px; width: calc(100% - 140px); height: 120px; font-family: monospace; font-size: 12px; resize: vertical; }
    .nrfcloud-form .nrfcloud-wide-labels .form-row > label { width: 200px; }
    .nrfcloud-form .nrfcloud-wide-labels .nrfcloud-hint { margin-left: 204px; }
  `;

  const previous = window.nrfCloudEditor;
  if (previous) {
    $(document).off('typedinputcreate', previous.onTypedInput);
    RED.events.off('nodes:add', previous.onNode);
  }
  $('#nrfcloud-style').remove();
  $('<style id="nrfcloud-style">').text(STYLE).appendTo('head');
  $(document).on('typedinputcreate', onTypedInput);
  RED.events.on('nodes:add', onNode);

  /**
   * @param type a node type
   * @returns what its dialog needs: `t` gives a text of its catalog, `shared` one of the texts for all
   */
  window.nrfCloudEditor = (type) => ({
    t: (key, values) => RED._(`${PACKAGE}/${type}:${type}.${key}`, values),
    shared,
    shown,
    isNumber,
    isSecTag,
    tip,
    prepare,
    ...validators,
  });
  Object.assign(window.nrfCloudEditor, { onTypedInput, onNode });
})();
