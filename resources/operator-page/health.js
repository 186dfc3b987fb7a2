/** The panel "Connection": whether all is well, and if not, why it is slow. */
import { judgeHealth } from './health-sentence.js';
import { definePanel } from './panel.js';

const CHECKS = ['connection', 'key', 'account', 'role', 'api'];
const ICONS = {
  ok: 'mdi-check-circle',
  busy: 'mdi-progress-check',
  slow: 'mdi-timer-sand',
  bad: 'mdi-close-octagon',
};

export default await definePanel({
  name: 'health',
  hasStyle: true,
  data: () => ({ health: null, now: Date.now(), checkedBefore: undefined }),
  computed: {
    state() {
      return judgeHealth(this.health, this.now);
    },
    icon() {
      return ICONS[this.state.level];
    },
    sentence() {
      const { text, time, rate } = this.state;
      return this.t(text, { time: time === undefined ? '' : this.clock(time), rate });
    },
    /** How many requests are behind it. */
    load() {
      const { waiting, inFlight } = this.health.load;
      if (waiting > 0) return this.t('requestsWaiting', { count: waiting });
      return inFlight > 0 ? this.t('requestsInProgress', { count: inFlight }) : '';
    },
    figures() {
      const { load } = this.health;
      const isHeldBack = this.state.level === 'slow' && load.waiting > 0;
      return [
        { name: 'inFlight', value: load.inFlight },
        { name: 'waiting', value: load.waiting, isAlarming: isHeldBack },
        { name: 'startedPerSecond', value: load.startedPerSecond },
        ...(load.rateLimit === null ? [] : [{ name: 'rateLimit', value: load.rateLimit }]),
        { name: 'retried', value: load.retried },
        { name: 'rateLimited', value: load.rateLimited },
        { name: 'failed', value: load.failed },
      ];
    },
    checks() {
      const known = this.health.checks?.filter(({ name }) => CHECKS.includes(name)) ?? [];
      return known.map(({ name, ok, message }) => ({
        name,
        word: ok === null ? 'unknown' : ok ? 'yes' : 'no',
        icon: ok === null ? 'mdi-help-circle-outline' : ok ? 'mdi-check-circle-outline' : 'mdi-close-circle',
        // Of what is well only the team's name says more than the tick.
        message: ok ? (name === 'account' ? message.replace(/^the team is /, '') : '') : message,
      }));
    },
    isChecking() {
      return this.checkedBefore === (this.health.checkedAt ?? 0);
    },
  },
  methods: {
    receive(health) {
      this.health = health;
      this.now = Date.now();
    },
    check() {
      this.checkedBefore = this.health.checkedAt ?? 0;
      this.ask({ payload: 'check' });
    },
    clock(time) {
      return this.time(time, { timeStyle: 'medium' });
    },
  },
  template: `
    <div class="op-panel">
      <template v-if="health">
        <div class="op-head"><h2>{{ t('title') }}</h2></div>
        <div :class="['op-state', 'op-state-' + state.level]" data-of="health">
          <v-icon :icon="icon" size="28" aria-hidden="true"></v-icon>
          <div>
            <!-- The number of requests changes too often to be read out. -->
            <p class="op-sentence"><span role="status">{{ sentence }}</span> <span v-if="load">{{ load }}</span></p>
            <p v-if="state.detail" lang="en" class="op-small">{{ state.detail }}</p>
          </div>
        </div>
        <dl class="op-tiles">
          <div v-for="figure in figures" :key="figure.name" :class="{ 'op-tile-warn': figure.isAlarming }">
            <dt>{{ t(figure.name) }}</dt>
            <dd :data-figure="figure.name">{{ count(figure.value) }}</dd>
          </div>
        </dl>
        <p v-if="health.load.lastError" class="op-small">
          <strong>{{ health.failedAt ? t('lastErrorAt', { time: clock(health.failedAt) }) : t('lastError') }}</strong> <span lang="en" data-figure="lastError">{{ health.load.lastError }}</span>
        </p>
        <ul v-if="checks.length > 0" class="op-checks" :aria-label="t('checks')">
          <li v-for="check in checks" :key="check.name" :data-check="check.name" :data-ok="check.word">
            <v-icon :icon="check.icon" size="20" role="img" :aria-label="t(check.word)"></v-icon>
            <span>{{ t(check.name) }} <span v-if="check.message" lang="en" class="op-small">{{ check.message }}</span></span>
          </li>
        </ul>
        <div class="op-buttons">
          <v-btn size="large" variant="outlined" prepend-icon="mdi-refresh" :disabled="isChecking" @click="check">{{ t(isChecking ? 'checking' : 'check') }}</v-btn>
          <span v-if="health.checkedAt" class="op-small">{{ t('checked', { time: clock(health.checkedAt) }) }}</span>
        </div>
      </template>
    </div>`,
});
