/* global $, document, window */
/** The connection test in the dialog of nrfcloud-connection, beside editor.js. */
(function () {
  /** @param dialog what `nrfCloudEditor` gives the dialog */
  window.nrfCloudConnectionTest = (dialog) => {
    const t = dialog.t;

    /** Tests the dialog's settings as they are, and shows the result. */
    function run(node) {
      // The button stays enabled: a disabled one loses the focus, and Ctrl-Enter would no longer reach the dialog.
      const button = $('#nrfcloud-connection-test');
      if (button.attr('aria-disabled') === 'true') return;
      button.attr('aria-disabled', 'true');
      const config = {};
      ['baseUrl', 'deviceApiUrl', 'api', 'tls', 'proxy'].forEach(function (name) {
        const value = $('#node-config-input-' + name).val();
        config[name] = value === '_ADD_' ? '' : value;
      });
      const request = { id: node.id, config: config };
      const key = $('#node-config-input-apiKey').val();
      if (key !== '__PWRD__') request.apiKey = key;
      showResult('fa-spinner fa-spin', '', [t('test.running')]);
      $.ajax({
        url: 'nrfcloud-connection/test',
        method: 'POST',
        contentType: 'application/json',
        data: JSON.stringify(request),
      })
        .done(showTest)
        .fail(function (response) {
          const notAllowed = response.status === 401 || response.status === 403;
          showFailure([t(notAllowed ? 'test.notAllowed' : 'test.failed')]);
        })
        .always(function () {
          button.attr('aria-disabled', 'false');
        });
    }

    /** Shows a result: an icon in a colour, and a line for each sentence, which is text or an element. */
    function showResult(icon, colour, lines) {
      const result = $('<div class="form-tips nrfcloud-tip" id="nrfcloud-connection-test-text">');
      if (colour) result.css('border-left', '3px solid ' + colour);
      lines.forEach(function (line, place) {
        const row = $('<div>').appendTo(result);
        if (place === 0)
          row.append($('<i class="fa fa-fw ' + icon + '" aria-hidden="true"></i>').css('color', colour), ' ');
        row.append(typeof line === 'string' ? document.createTextNode(line) : line);
      });
      $('#nrfcloud-connection-test-result').empty().append(result);
    }

    function showFailure(lines) {
      showResult('fa-times', 'var(--red-ui-text-color-error)', lines);
    }

    function showTest(response) {
      const apis = response.generations;
      const failure = failureOf(response);
      if (failure !== '') {
        showFailure([failure].concat(warningsOf(response)));
        return;
      }
      const lines = [t('test.keyAccepted')];
      const { team, role } = response;
      if (team) lines.push(role ? t('test.teamAndRole', { team, role }) : t('test.team', { team }));
      lines.push(apis.length === 0 ? t('test.noVersion') : t('test.versions', { list: apis.join(', ') }));
      if (apis.length > 0 && !apis.includes($('#node-config-input-api').val())) {
        lines.push(
          $('<button type="button" class="red-ui-button red-ui-button-small">')
            .append(
              $('<span style="color: var(--red-ui-primary-text-color)">').text(t('test.useVersion', { api: apis[0] })),
            )
            .on('click', function () {
              $('#node-config-input-api').val(apis[0]).trigger('change');
              showTest(response);
              $('#nrfcloud-connection-test').trigger('focus');
            }),
        );
      }
      showResult('fa-check', 'var(--red-ui-text-color-success)', lines.concat(warningsOf(response)));
    }

    /** What is wrong and what to do, in one sentence; '' if the test succeeded. */
    function failureOf(response) {
      if (response.keyAccepted === false) return t('test.keyRefused');
      if (response.problem === undefined) return '';
      return t(response.reachable ? 'test.reachable' : 'test.unreachable') + ' ' + response.problem;
    }

    function warningsOf(response) {
      return (response.warnings || []).map(function (warning) {
        return /\boat_/.test(warning) ? t('warning.oat') : warning;
      });
    }

    return { run };
  };
})();
