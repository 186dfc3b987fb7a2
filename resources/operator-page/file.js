/** Panel "File": shows what a file holds, claims it, and reports every row. One file at a time, for all open pages. */
import { definePanel, flowUrl } from './panel.js';
import { Banner } from './banner.js';
import { Failures } from './failures.js';
import { Found } from './found.js';
import { saveFile, sendFile } from './upload.js';

/** Tiles of the preview and of the report, the kinds of rows that they count, and their colour above zero. */
const PREVIEW = [
  { name: 'fresh', kinds: ['new'], icon: 'mdi-plus-circle-outline' },
  { name: 'yours', kinds: ['yours', 'claimed'], icon: 'mdi-check-all' },
  {
    name: 'failed',
    kinds: ['refused', 'rejected', 'unknown'],
    tone: 'bad',
    icon: 'mdi-cloud-cancel-outline',
    optional: true,
  },
  { name: 'invalid', kinds: ['invalid'], tone: 'bad', icon: 'mdi-file-remove-outline' },
  { name: 'duplicates', kinds: ['duplicate'], tone: 'warn', icon: 'mdi-content-copy' },
];
const REPORT = [
  { name: 'claimed', kinds: ['claimed'], icon: 'mdi-check-circle' },
  { name: 'yours', kinds: ['yours'], icon: 'mdi-check-all' },
  { name: 'refused', kinds: ['refused'], tone: 'bad', icon: 'mdi-cloud-cancel-outline' },
  { name: 'rejected', kinds: ['rejected', 'invalid'], tone: 'bad', icon: 'mdi-file-remove-outline' },
  { name: 'duplicates', kinds: ['duplicate'], tone: 'warn', icon: 'mdi-content-copy' },
  { name: 'unknown', kinds: ['unknown'], tone: 'warn', icon: 'mdi-help-circle-outline', optional: true },
];

export default await definePanel({
  name: 'file',
  hasStyle: true,
  components: { Banner, Failures, Found },
  computed: {
    busy() {
      return this.sending !== null || ['checking', 'claiming'].includes(this.job?.stage);
    },
    tiles() {
      const { counts, stage } = this.job;
      const tiles = (stage === 'ready' ? PREVIEW : REPORT).map((tile) => ({
        ...tile,
        value: tile.kinds.reduce((sum, kind) => sum + (counts[kind] ?? 0), 0),
      }));
      return tiles.filter(({ optional, value }) => !optional || value > 0);
    },
    failed() {
      return this.job.reasons.reduce((sum, { count }) => sum + count, 0);
    },
    percent() {
      const { done, total } = this.job.progress;
      return total > 0 ? Math.floor((100 * done) / total) : 0;
    },
    words() {
      const { stage, counts, progress } = this.job;
      if (stage === 'done' && counts.rows === 0) return this.t('stage.empty');
      if (stage !== 'claiming') return this.t(`stage.${stage}`);
      const left = progress.secondsLeft;
      const percent = this.t('percent', { percent: this.percent });
      return left === null ? percent : `${percent} · ${this.t('left', { time: this.duration(left) })}`;
    },
    canRetry() {
      return this.job.canSend > 0 && this.job.roundsLeft > 0 && this.job.stage === 'done';
    },
  },
  data() {
    return { job: null, list: null, chosen: '', from: 0, over: false, sending: null, trouble: '', saveFailed: false };
  },
  mounted() {
    this.ask({ payload: { ask: 'state' } });
  },
  methods: {
    receive(payload) {
      if (payload.list !== undefined) {
        if (this.isMine(payload) && payload.list.id === this.job?.id && payload.list.key === this.chosen)
          this.list = payload.list;
        return;
      }
      const before = this.job;
      this.job = payload;
      if (before?.id !== payload.id) Object.assign(this, { chosen: '', from: 0, list: null, trouble: '' });
      const failuresOf = (job) => JSON.stringify(job?.reasons);
      if (this.failed > 0 && (this.list === null || failuresOf(before) !== failuresOf(payload))) this.show(this);
    },
    show({ key = this.chosen, from }) {
      this.chosen = this.job.reasons.some((reason) => reason.key === key) ? key : '';
      this.from = from;
      this.ask({ payload: { ask: 'list', id: this.job.id, key: this.chosen, from } });
    },
    choose(event) {
      const [file] = event.target.files;
      // The same file may be chosen again.
      if (file) void this.send(file).then(() => (event.target.value = ''));
    },
    drop(event) {
      this.over = false;
      const [file] = event.dataTransfer.files;
      if (file && !this.busy) void this.send(file);
    },
    async send(file) {
      this.trouble = '';
      this.sending = { name: file.name, percent: 0 };
      const url = flowUrl(this.$store.state.setup.setup, 'operator/file');
      const problem = await sendFile(url, file, (percent) => (this.sending = { name: file.name, percent }));
      this.sending = null;
      if (problem !== undefined) this.trouble = problem;
    },
    troubleInWords() {
      const known = ['BUSY', 'NO_FILE', 'OFFLINE'].includes(this.trouble);
      return this.t(known ? `trouble.${this.trouble}` : 'trouble.other', { code: this.trouble });
    },
    claim() {
      this.ask({ payload: { ask: 'claim', id: this.job.id } });
    },
    async save() {
      const url = flowUrl(this.$store.state.setup.setup, 'operator/failed-rows');
      const name = this.job.name.replace(/\.\w+$/, '');
      this.saveFailed = await saveFile(url, `${name} ${this.t('failed.file')}.csv`).then(
        () => false,
        () => true,
      );
    },
    errorInWords() {
      const { title, advice, detail } = this.describeError(this.job.error);
      return {
        outcome: 'refused',
        title: this.t(this.job.stage === 'refused' ? 'unreadable' : 'incomplete'),
        lines: [title],
        advice,
        detail,
      };
    },
  },
  template: `
    <div class="op-panel">
      <div class="op-head"><h2>{{ t('title') }}</h2></div>
      <label :class="['op-drop', { 'op-over': over, 'op-off': busy, 'op-slim': job }]" @dragover.prevent="over = !busy" @dragleave="over = false" @drop.prevent="drop">
        <input type="file" accept=".csv,.txt,.tsv,text/csv,text/plain" :disabled="busy" @change="choose">
        <v-icon icon="mdi-file-upload-outline" size="32" aria-hidden="true"></v-icon>
        <span><strong>{{ t('choose') }}</strong> <span class="op-small">{{ t('choose.hint') }}</span></span>
      </label>
      <div role="status" aria-live="polite" class="op-said">
        <p v-if="sending" class="op-small">{{ t('sending', sending) }}</p>
        <Banner v-if="trouble" of="file" outcome="refused" :title="t('trouble')" :lines="[troubleInWords()]"></Banner>
      </div>
      <section v-if="job" :aria-label="job.name">
        <p class="op-file" role="status"><strong>{{ job.name }}</strong><span>{{ words }}</span></p>
        <v-progress-linear v-if="busy" :model-value="percent" :indeterminate="job.stage === 'checking'" height="10" rounded
          color="primary" :aria-label="t('progress')"></v-progress-linear>
        <Banner v-if="job.error" of="file" v-bind="errorInWords()"></Banner>
        <template v-if="['ready', 'claiming', 'done'].includes(job.stage)">
          <dl class="op-tiles">
            <div v-for="tile in tiles" :key="tile.name" :class="tile.value > 0 && tile.tone ? 'op-tile-' + tile.tone : ''">
              <dt><v-icon :icon="tile.icon" size="16" aria-hidden="true"></v-icon> {{ t('tile.' + tile.name) }}</dt>
              <dd :data-count="tile.name">{{ count(tile.value) }}</dd>
            </div>
          </dl>
          <Found v-if="job.stage === 'ready'" :job="job" :t="t" :count="count" :time="time"></Found>
          <v-btn v-if="job.stage === 'ready'" color="primary" size="large" block prepend-icon="mdi-cloud-upload-outline"
            :disabled="job.canSend === 0" @click="claim">{{ t('claim', { count: job.canSend }) }}</v-btn>
          <p v-if="!job.kept" class="op-small">{{ t('notKept') }}</p>
          <div v-if="job.isStalled" class="op-again"><p>{{ t('stalled') }}</p><v-btn variant="outlined" @click="claim">{{ t('stalled.again') }}</v-btn></div>
          <div v-if="failed && !busy && job.stage === 'done'" class="op-again">
            <v-btn v-if="canRetry" color="primary" size="large" prepend-icon="mdi-refresh" @click="claim">{{ t('retry', { count: job.canSend }) }}</v-btn>
            <v-btn size="large" variant="outlined" prepend-icon="mdi-download" @click="save">{{ t('save') }}</v-btn>
            <span v-if="saveFailed" role="alert">{{ t('save.failed') }}</span>
          </div>
          <Failures v-if="failed" :reasons="job.reasons" :list="list" :total="failed" :chosen="chosen" :t="t" :count="count" @show="show"></Failures>
        </template>
      </section>
      <p class="op-small">{{ t('shared') }}</p>
    </div>`,
});
