/** The panel "Device": finds one, shows what is known of it, and blocks or unblocks it after a confirmation. */
import { Banner } from './banner.js';
import { deviceFacts } from './device-facts.js';
import { definePanel } from './panel.js';

/** After this many milliseconds without an answer the page says that it is still waiting. */
const LATE_MS = 60_000;
/** The words that the service is known to use; it may have others. */
const STATUSES = ['READY', 'BLOCKED'];
/** Outcomes that the banner shows as others. */
const COLOURS = { searching: 'waiting', failed: 'refused', notFound: 'refused', ambiguous: 'refused' };
/** The event by which another panel has a device shown. */
export const SHOW_DEVICE = 'operator-show-device';

export default await definePanel({
  name: 'device',
  hasStyle: true,
  components: { Banner },
  data() {
    return { text: '', asked: null, answer: null, device: null, operation: '', ...this.kept('state') };
  },
  computed: {
    isBusy() {
      return this.answer?.outcome === 'waiting' || this.answer?.outcome === 'searching';
    },
    /** What is said of the last question, for the banner. */
    words() {
      const { outcome } = this.answer;
      return { outcome: COLOURS[outcome] ?? outcome, ...this[`${outcome}Words`]() };
    },
    /** The first is the UUID. */
    facts() {
      return deviceFacts(this.device, this);
    },
    status() {
      const { status } = this.device;
      return STATUSES.includes(status)
        ? this.t(status)
        : this.t('otherStatus', { status: status ?? this.t('notShown') });
    },
    stateIcon() {
      return this.device.status === 'BLOCKED' ? 'mdi-lock' : 'mdi-chip';
    },
    stateClass() {
      return { READY: 'op-state-ok', BLOCKED: 'op-state-slow' }[this.device.status] ?? 'op-state-busy';
    },
    /** What can be done: a status that is not known allows both. */
    operations() {
      const { status } = this.device;
      if (status === 'READY') return ['block'];
      return status === 'BLOCKED' ? ['unblock'] : ['block', 'unblock'];
    },
  },
  methods: {
    find() {
      const text = this.text.trim();
      if (text === '') return;
      this.device = null;
      this.put('find', text);
    },
    /** Opens the dialog; it names the device, and nothing is sent before it is confirmed. */
    choose(operation) {
      this.operation = operation;
      this.$nextTick(() => this.$refs.dialog.showModal());
    },
    confirm() {
      this.$refs.dialog.close();
      this.put(this.operation, this.device.id);
      // The button that opened the dialog is disabled now; the answer gets the focus.
      this.$nextTick(() => this.$refs.result.focus());
    },
    put(operation, payload) {
      const question = this.ask({ payload, operation });
      this.asked = { operation, question };
      this.answer = { outcome: 'waiting' };
      this.remember();
      setTimeout(() => {
        if (this.asked.question === question && this.isBusy) this.answer = { outcome: 'late' };
      }, LATE_MS);
    },
    receive(answer) {
      if (!this.isMine(answer) || answer.question !== this.asked?.question) return;
      this.answer = answer;
      if (answer.device !== undefined) this.device = { ...this.device, ...answer.device };
      this.remember();
    },
    remember() {
      const { text, asked, answer, device } = this;
      this.keep('state', { text, asked, answer, device });
    },
    show({ detail }) {
      this.text = detail;
      this.find();
      this.$el.scrollIntoView({ block: 'center' });
      this.$refs.result.focus({ preventScroll: true });
    },
    waitingWords() {
      const { operation } = this.asked;
      return { title: this.t(operation === 'find' ? 'looking' : `${operation}ing`) };
    },
    searchingWords() {
      return { title: this.t('looking'), lines: [this.t('read', { count: this.answer.read })] };
    },
    lateWords() {
      return { title: this.t('late'), advice: this.t('adviceLate') };
    },
    notFoundWords() {
      const { kind, read, withoutImei } = this.answer;
      const title = this.t('notFound');
      if (read === 0) return { title, lines: [this.t('noDevices')] };
      if (kind === 'id') return { title, lines: [this.t('notFoundId')], advice: this.t('adviceId') };
      if (kind === 'text')
        return { title, lines: [this.t('notFoundText', { count: read })], advice: this.t('adviceText') };
      const lines = [this.t('notFoundImei', { count: read })];
      return { title, lines, ...(withoutImei > 0 ? { advice: this.t('withoutImei', { count: withoutImei }) } : {}) };
    },
    ambiguousWords() {
      return { title: this.t('ambiguous'), lines: [this.t('ambiguousDetail', { count: this.answer.matches })] };
    },
    failedWords() {
      const { operation } = this.asked;
      const { title, advice, detail } = this.describeError(this.answer.error);
      const not = { find: 'notRead', block: 'notBlocked', unblock: 'notUnblocked' }[operation];
      return { title: this.t(not), lines: [title], advice, detail };
    },
    blockedWords() {
      return { title: this.t('blocked'), lines: [this.t('doneBlock')] };
    },
    unblockedWords() {
      return { title: this.t('unblocked'), lines: [this.t('effectUnblock')] };
    },
  },
  mounted() {
    // The answer went to a connection that is gone: what became of the device is read.
    if (this.isBusy) this.put('find', this.device?.id ?? this.text.trim());
    window.addEventListener(SHOW_DEVICE, this.show);
  },
  unmounted() {
    window.removeEventListener(SHOW_DEVICE, this.show);
  },
  template: `
    <div class="op-panel">
      <div class="op-head"><h2>{{ t('title') }}</h2></div>
      <form class="op-find" autocomplete="off" @submit.prevent="find">
        <label class="op-label" for="op-device">{{ t('label') }}</label>
        <v-text-field id="op-device" v-model="text" :hint="t('hint')" persistent-hint variant="outlined" autocomplete="off"
          autocapitalize="off" spellcheck="false" enterkeyhint="search" name="device"></v-text-field>
        <v-btn type="submit" size="large" variant="outlined" prepend-icon="mdi-magnify">{{ t('find') }}</v-btn>
      </form>
      <div ref="result" tabindex="-1" role="status" aria-live="polite" class="op-said">
        <div v-if="answer?.outcome === 'found'" :class="['op-state', stateClass]">
          <v-icon :icon="stateIcon" size="28" aria-hidden="true"></v-icon>
          <div>
            <p class="op-sentence" data-fact="status">{{ status }}</p>
            <p class="op-id">{{ device.id }}</p>
          </div>
        </div>
        <Banner v-else-if="answer" :key="asked.question" of="device" v-bind="words" :device="device?.id"></Banner>
      </div>
      <template v-if="device">
        <dl class="op-device-facts">
          <div v-for="fact in facts.slice(1)" :key="fact.name">
            <dt>{{ t(fact.name) }}</dt>
            <dd :data-fact="fact.name" :class="{ 'op-id': fact.isId }">{{ fact.value }}</dd>
          </div>
        </dl>
        <div class="op-buttons">
          <v-btn v-for="name in operations" :key="name" size="x-large" :color="name === 'block' ? undefined : 'primary'" :class="['op-act', { 'op-block': name === 'block' }]"
            :disabled="isBusy" :prepend-icon="name === 'block' ? 'mdi-lock' : 'mdi-lock-open-variant'" @click="choose(name)">{{ t(name) }}</v-btn>
        </div>
        <dialog ref="dialog" class="op-dialog" aria-labelledby="op-dialog-title" aria-describedby="op-dialog-device op-dialog-effect">
          <template v-if="operation">
            <h2 id="op-dialog-title">{{ t(operation === 'block' ? 'askBlock' : 'askUnblock') }}</h2>
            <dl id="op-dialog-device" class="op-device-facts">
              <div v-for="fact in facts.filter(({ names }) => names)" :key="fact.name">
                <dt>{{ t(fact.name) }}</dt><dd :class="{ 'op-id': fact.isId }">{{ fact.value }}</dd>
              </div>
            </dl>
            <p id="op-dialog-effect">{{ t(operation === 'block' ? 'effectBlock' : 'effectUnblock') }}</p>
            <div class="op-buttons">
              <v-btn autofocus size="x-large" variant="outlined" @click="$refs.dialog.close()">{{ t('cancel') }}</v-btn>
              <v-btn size="x-large" :color="operation === 'block' ? undefined : 'primary'" :class="{ 'op-block': operation === 'block' }" @click="confirm">{{ t(operation === 'block' ? 'confirmBlock' : 'confirmUnblock') }}</v-btn>
            </div>
          </template>
        </dialog>
      </template>
    </div>`,
});
