/** The panel "Onboarding": of the devices claimed last, how many are in, and which ones need a hand. */
import { SHOW_DEVICE } from './device.js';
import { definePanel } from './panel.js';

const ROWS_PER_PAGE = 10;
/** The stages that there are advice and a word for; a newer one is shown as it is called. */
const STAGES = ['waiting', 'onboarded', 'failed', 'unclaimed', 'blocked'];

export default await definePanel({
  name: 'onboarding',
  hasStyle: true,
  data: () => ({ followed: null, first: 0 }),
  computed: {
    tiles() {
      const { batches, connecting } = this.followed;
      const sum = (name) => batches.reduce((total, batch) => total + batch[name], 0);
      const waiting = sum('waiting');
      // A device that is onboarded and has not connected waits, too.
      const onboarded = Math.min(connecting, waiting);
      return [
        { name: 'waiting', value: waiting - onboarded },
        { name: 'onboarded', value: onboarded },
        { name: 'connected', value: sum('connected') },
        { name: 'failed', value: sum('failed') },
      ];
    },
    /** What is not followed has no counts, unless some devices came through before. */
    showsCounts() {
      return this.problem === null || this.tiles.some(({ value }) => value > 0);
    },
    isWaiting() {
      return this.tiles[0].value > 0;
    },
    from() {
      return this.first < this.followed.needHand.length ? this.first : 0;
    },
    /** The devices of this page of the list, below the stage and the reason that they share. */
    groups() {
      const groups = [];
      for (const device of this.shown) {
        const { stage, reason } = device;
        if (groups.at(-1)?.stage !== stage || groups.at(-1).reason !== reason) groups.push(this.groupOf(device));
        groups.at(-1).devices.push({ ...device, known: this.knownOf(device) });
      }
      return groups;
    },
    sorted() {
      const keyOf = ({ stage, reason }) => `${STAGES.indexOf(stage)} ${reason}`;
      return [...this.followed.needHand].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : Number(keyOf(a) > keyOf(b))));
    },
    shown() {
      return this.sorted.slice(this.from, this.from + ROWS_PER_PAGE);
    },
    pages() {
      return { from: this.from + 1, to: this.from + this.shown.length, count: this.followed.needHand.length };
    },
    hidden() {
      return this.followed.notListed + this.followed.listed - this.followed.needHand.length;
    },
    problem() {
      const { problem } = this.followed;
      if (problem === undefined) return null;
      if (problem.code === 'NRFCLOUD_NOT_CONFIGURED') return { text: this.t('notKnown') };
      const { advice, detail } = this.describeError(problem);
      return { text: this.t('notFollowed'), advice, detail };
    },
  },
  methods: {
    receive(followed) {
      this.followed = followed;
    },
    nameOf({ name, at }) {
      return name ?? this.t('scans', { date: this.time(at, { dateStyle: 'medium' }) });
    },
    groupOf({ stage, reason }) {
      const isKnown = STAGES.includes(stage);
      const name = `${stage.charAt(0).toUpperCase()}${stage.slice(1)}`;
      return {
        stage,
        title: isKnown ? this.t(`stage${name}`) : stage,
        advice: isKnown ? this.t(`advice${name}`) : '',
        reason,
        sentence: `${reason.charAt(0).toUpperCase()}${reason.slice(1)}`,
        devices: [],
      };
    },
    /** What else is known of a device: serial number, IMEI, and its place in the file. */
    knownOf({ batch, line, serial, imei }) {
      const name = this.followed.batches.find(({ id }) => id === batch)?.name;
      const place =
        name === undefined || line === undefined ? '' : `${name}, ${this.t('line', { line: String(line) })}`;
      return [serial, imei, place].filter((value) => value).join(' · ');
    },
    show(deviceId) {
      window.dispatchEvent(new window.CustomEvent(SHOW_DEVICE, { detail: deviceId }));
    },
    turn(pages) {
      this.first = this.from + pages * ROWS_PER_PAGE;
    },
    again() {
      this.ask({ payload: 'again' });
    },
  },
  template: `
    <div class="op-panel" :class="{ 'op-none': followed === null }">
      <template v-if="followed">
        <div class="op-head"><h2>{{ t('title') }}</h2></div>
        <p v-if="problem" role="status" class="op-state op-state-slow" data-of="onboarding">
          <v-icon icon="mdi-help-circle-outline" size="28" aria-hidden="true"></v-icon>
          <span>{{ problem.text }} <span v-if="problem.advice">{{ problem.advice }}</span> <span v-if="problem.detail" lang="en" class="op-small">{{ problem.detail }}</span></span>
        </p>
        <template v-if="showsCounts">
          <dl class="op-tiles op-stages">
            <div v-for="tile in tiles" :key="tile.name" :class="{ 'op-tile-warn': tile.name === 'failed' && tile.value > 0 }">
              <dt>{{ t(tile.name) }}</dt>
              <dd :data-stage="tile.name">{{ count(tile.value) }}</dd>
            </div>
          </dl>
          <ul class="op-batches">
            <li v-for="batch in followed.batches" :key="batch.id" :data-batch="batch.name">
              <span><strong>{{ nameOf(batch) }}</strong><span>{{ t('progress', { connected: batch.connected, total: batch.total }) }}</span></span>
              <v-progress-linear :model-value="100 * batch.connected / batch.total" height="6" rounded color="primary" :aria-label="nameOf(batch)"></v-progress-linear>
            </li>
          </ul>
          <p v-if="isWaiting" class="op-small">{{ t('hint') }}</p>
        </template>
        <section v-if="shown.length > 0" class="op-need-hand" aria-labelledby="op-need-hand">
          <h3 class="op-heading" id="op-need-hand">{{ t('needHand', { count: pages.count }) }}</h3>
          <div v-for="group in groups" :key="group.stage + group.reason" class="op-group" :data-need="group.stage">
            <p><strong>{{ group.title }}.</strong> {{ group.advice }}</p>
            <p lang="en" class="op-small">{{ group.sentence }}</p>
            <ul>
              <li v-for="device in group.devices" :key="device.batch + device.deviceId">
                <p><span class="op-id">{{ device.deviceId }}</span><br v-if="device.known"><span class="op-small">{{ device.known }}</span></p>
                <v-btn variant="text" icon="mdi-magnify" :aria-label="t('show', { device: device.deviceId })" @click="show(device.deviceId)"></v-btn>
              </li>
            </ul>
          </div>
          <div v-if="pages.count > shown.length" class="op-turn">
            <v-btn variant="text" icon="mdi-chevron-left" :aria-label="t('earlier')" :disabled="from === 0" @click="turn(-1)"></v-btn>
            <span class="op-small">{{ t('range', pages) }}</span>
            <v-btn variant="text" icon="mdi-chevron-right" :aria-label="t('later')" :disabled="pages.to === pages.count" @click="turn(1)"></v-btn>
          </div>
          <p v-if="hidden > 0" class="op-small">{{ t('notListed', { count: hidden }) }}</p>
          <div class="op-buttons">
            <v-btn size="large" variant="outlined" prepend-icon="mdi-refresh" @click="again">{{ t('again', { count: followed.listed }) }}</v-btn>
            <span class="op-small">{{ t('againHint') }}</span>
          </div>
        </section>
      </template>
    </div>`,
});
