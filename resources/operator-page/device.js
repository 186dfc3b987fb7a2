/** Panel "Device": blocks and unblocks a device. */
import { definePanel } from './panel.js';
import { Banner } from './banner.js';

export default await definePanel({
  name: 'device',
  components: { Banner },
  data() {
    return { device: '', last: this.kept('last') };
  },
  methods: {
    change(operation) {
      const question = this.ask({ payload: this.device.trim(), operation });
      this.show({ question, operation, outcome: 'waiting' });
    },
    receive(answer) {
      if (this.isMine(answer) && answer.question === this.last?.question) this.show({ ...this.last, ...answer });
    },
    show(last) {
      this.last = last;
      this.keep('last', last);
    },
    inWords({ operation, outcome, deviceId, error }) {
      if (outcome === 'waiting') return { outcome, title: this.t(`waiting.${operation}`) };
      if (error === undefined) return { outcome, title: this.t(outcome), device: deviceId };
      const { title, advice, detail } = this.describeError(error);
      return {
        outcome: 'refused',
        title: this.t(`refused.${operation}`),
        device: deviceId,
        lines: [title],
        advice,
        detail,
      };
    },
  },
  template: `
    <div class="op-panel">
      <div class="op-head"><h2>{{ t('title') }}</h2></div>
      <!-- Enter presses no button: a scanner sends one, and the operator decides which of the two is meant. -->
      <div>
        <label class="op-label" for="op-device">{{ t('device') }}</label>
        <v-text-field id="op-device" v-model="device" :hint="t('device.hint')" persistent-hint variant="outlined"
          autocomplete="off" autocapitalize="off" spellcheck="false" name="device"></v-text-field>
      </div>
      <div class="op-buttons">
        <v-btn size="large" variant="outlined" prepend-icon="mdi-lock" :disabled="!device.trim()" @click="change('block')">{{ t('block') }}</v-btn>
        <v-btn size="large" variant="outlined" prepend-icon="mdi-lock-open-variant" :disabled="!device.trim()" @click="change('unblock')">{{ t('unblock') }}</v-btn>
      </div>
      <div role="status" aria-live="polite" class="op-said">
        <Banner v-if="last" :key="last.question" of="device" v-bind="inWords(last)"></Banner>
      </div>
    </div>`,
});
