/* global RED, $, window */
/* eslint no-unused-vars: ["error", { "args": "none" }] */
/**
 * What the dialogs with a field for certificates share, beside editor.js. The editor may run the two files in any order,
 * and runs each once per node type.
 */
(function () {
  /** Buffers for one AT command, in characters: the SDK's default, and the Asset Tracker Template's (Nordic's sources). */
  const FIRMWARE_BUFFERS = { default: 1792, template: 2048 };

  /**
   * What is wrong with the text of certificates.
   * @returns the key of a sentence, '' if nothing is wrong
   */
  function pemProblem(content) {
    let rest = content;
    let count = 0;
    for (const [block, label, body] of content.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g)) {
      if (/PRIVATE KEY/.test(label)) return 'pem.privateKey';
      if (label !== 'CERTIFICATE' || !/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(body)) return 'pem.damaged';
      rest = rest.replace(block, '');
      count += 1;
    }
    if (/-----(BEGIN|END)/.test(rest)) return 'pem.damaged';
    if (count === 0) return 'pem.none';
    return rest.trim() === '' ? '' : 'pem.outside';
  }

  /**
   * @param dialog what `nrfCloudEditor` gives a dialog
   * @returns how the dialog validates, explains and shows certificates
   */
  window.nrfCloudCertificates = (dialog) => {
    /** A validator for one or more certificates in PEM. */
    function validator(typeField) {
      const check = RED.validators.typedInput(typeField);
      return function (value, opt) {
        if (dialog.shown(this, typeField) !== 'str') return check.call(this, value, opt);
        const problem = pemProblem(String(value).trim());
        return problem === '' || dialog.shared(problem);
      };
    }

    /** Which usual firmware buffers a text of this length does not fit into, '' if it fits. */
    function bufferWarning(length) {
      const values = { length, default: FIRMWARE_BUFFERS.default, template: FIRMWARE_BUFFERS.template };
      if (length >= FIRMWARE_BUFFERS.template) return dialog.shared('pem.tooLongForAll', values);
      return length >= FIRMWARE_BUFFERS.default ? dialog.shared('pem.tooLong', values) : '';
    }

    /**
     * Gives a TypedInput a text area while its type is `str`, as an input field would drop the line ends of a PEM text.
     * The field itself has to be a `textarea`.
     */
    function prepareField(node, name, types) {
      const field = $(`#node-input-${name}`);
      const area = $(`#nrfcloud-${name}-text`).val(node[name]);
      const notes = $(`#nrfcloud-${name}-notes`);
      const typeField = `#node-input-${name}Type`;
      function note() {
        const content = area.val().trim();
        notes.empty();
        if (content === '' || $(typeField).val() !== 'str') return;
        const problem = pemProblem(content);
        if (problem) notes.append(dialog.tip('fa-exclamation-triangle', dialog.shared(problem)));
        const warning = bufferWarning(content.length);
        if (warning) notes.append(dialog.tip('fa-warning', warning));
      }
      field.typedInput({
        default: node._def.defaults[`${name}Type`].value,
        types: types.map((type) =>
          type === 'str'
            ? {
                value: 'str',
                label: RED._('typedInput.type.str'),
                icon: 'red/images/typedInput/az.svg',
                hasValue: false,
                export: () => area.val(),
              }
            : type,
        ),
        typeField,
      });
      field.on('change', () => {
        const isText = $(typeField).val() === 'str';
        area.toggle(isText);
        $(`label[for^="node-input-${name}"], #node-input-${name}-label`).attr(
          'for',
          isText ? area.attr('id') : `node-input-${name}-shown`,
        );
        note();
      });
      area.on('input change', () => {
        field.val(area.val()).trigger('keyup');
        field.trigger('change');
      });
      field.trigger('change');
    }

    return { validator, bufferWarning, prepareField };
  };
})();
