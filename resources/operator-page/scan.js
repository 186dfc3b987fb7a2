/** Panel "Scan": claims a device by its token, from a scanner, the clipboard or the camera. */
import { definePanel } from './panel.js';
import { Banner, iconOf } from './banner.js';
import { Camera, hasCamera } from './camera.js';
import { Flash } from './flash.js';
import { Sound } from './sound.js';

/** How long a claim may take until the page says that there is no answer yet, in milliseconds. */
const LATE_AFTER_MS = 60_000;
const MAX_SCANS = 5;
const SHOWN_CHARACTERS = 16;
/** An IMEI has 15 digits (3GPP TS 23.003); its code is beside the token's on many labels. */
const IMEI = /^(?:imei:?\s*)?\d{15}$/i;

const cameraIsThere = await hasCamera();

export default await definePanel({
  name: 'scan',
  hasStyle: true,
  components: { Banner, Camera, Flash },
  data() {
    return {
      token: '',
      tags: this.kept('tags') ?? '',
      scans: this.kept('scans') ?? [],
      sound: Sound.isOn,
      cameraIsThere,
      cameraIsOpen: false,
    };
  },
  computed: {
    last() {
      return this.scans[0];
    },
    earlier() {
      return this.scans.slice(1);
    },
  },
  watch: {
    tags() {
      this.keep('tags', this.tags);
    },
    sound() {
      Sound.isOn = this.sound;
    },
  },
  mounted() {
    this.focus();
  },
  methods: {
    claim() {
      this.take(this.token);
      // Ready for the next scan at once, also while nRF Cloud still works on this one.
      this.token = '';
      this.focus();
    },
    /** Takes what was scanned. */
    take(scanned) {
      const payload = scanned.trim();
      if (payload === '') return;
      if (IMEI.test(payload)) {
        this.add({ scan: Date.now(), outcome: 'imei', start: payload });
        this.announce(this.last);
        return;
      }
      const scan = this.ask({ payload, tags: this.tags });
      this.add({ scan, outcome: 'waiting', start: `${payload.slice(0, SHOWN_CHARACTERS)}…` });
      setTimeout(() => this.update(scan, { outcome: 'late' }), LATE_AFTER_MS);
    },
    receive(answer) {
      if (this.isMine(answer)) this.update(answer.question, answer);
    },
    add(scan) {
      this.scans = [scan, ...this.scans].slice(0, MAX_SCANS);
      this.keep('scans', this.scans);
    },
    update(id, { outcome, deviceId, tags, error }) {
      const old = this.scans.find(({ scan }) => scan === id);
      // The flow's last answer comes again when the page opens.
      if (old === undefined || (old.outcome !== 'waiting' && (outcome === 'late' || old.outcome === outcome))) return;
      const changed = { ...old, outcome, deviceId, tags, error };
      this.scans = this.scans.map((scan) => (scan === old ? changed : scan));
      this.keep('scans', this.scans);
      if (outcome !== 'late') this.announce(changed);
    },
    /** Shows and plays an outcome to somebody who stands two metres away. */
    announce(scan) {
      const isGood = scan.outcome === 'claimed' || scan.outcome === 'yours';
      this.$refs.flash.show(isGood, this.titleOf(scan));
      Sound.play(isGood);
    },
    titleOf({ outcome }) {
      return this.t(outcome);
    },
    iconOf: ({ outcome }) => iconOf(outcome),
    /** An outcome in the words of the banner. */
    inWords(scan) {
      const { outcome, deviceId, tags = [], error } = scan;
      const title = this.titleOf(scan);
      if (error !== undefined) {
        const { title: line, advice, detail } = this.describeError(error);
        return { outcome: 'refused', title, device: deviceId, lines: [line], advice, detail };
      }
      if (outcome === 'imei') return { outcome: 'refused', title, lines: [this.t('imei.detail')] };
      if (outcome === 'yours') return { outcome, title, device: deviceId, lines: [this.t('yours.detail')] };
      if (outcome === 'late') return { outcome, title, advice: this.t('late.advice') };
      const lines = tags.length > 0 ? [this.t('tagged', { tags: tags.join(', ') })] : [];
      return { outcome, title, device: deviceId, lines };
    },
    focus() {
      // On a phone the keyboard would come up and hide the answer.
      if (matchMedia('(pointer: fine)').matches) this.$refs.token.focus();
    },
  },
  template: `
    <form class="op-panel" autocomplete="off" @submit.prevent="claim">
      <div class="op-head">
        <h2>{{ t('title') }}</h2>
        <v-btn variant="text" density="compact" class="op-toggle" :prepend-icon="sound ? 'mdi-volume-high' : 'mdi-volume-off'" :aria-pressed="sound"
          @click="sound = !sound">{{ t('sound') }}</v-btn>
      </div>
      <div>
        <label class="op-label" for="op-token">{{ t('token') }}</label>
        <v-text-field id="op-token" ref="token" v-model="token" :hint="t('token.hint')" persistent-hint variant="outlined"
          autocomplete="off" autocapitalize="off" spellcheck="false" enterkeyhint="go" name="claim-token">
          <template v-if="cameraIsThere" #append-inner>
            <v-btn variant="text" icon="mdi-camera" density="comfortable" :aria-label="t(cameraIsOpen ? 'camera.close' : 'camera')"
              :aria-pressed="cameraIsOpen" @click="cameraIsOpen = !cameraIsOpen"></v-btn>
          </template>
        </v-text-field>
      </div>
      <Camera v-if="cameraIsOpen" :label="t('camera.view')" :problem="t('camera.failed')" @code="take"></Camera>
      <v-btn type="submit" color="primary" size="large" block prepend-icon="mdi-barcode-scan">{{ t('claim') }}</v-btn>
      <div role="status" aria-live="polite" class="op-said">
        <Banner v-if="last" :key="last.scan" of="scan" v-bind="inWords(last)"></Banner>
      </div>
      <div>
        <label class="op-label" for="op-tags">{{ t('tags') }} <span class="op-small">{{ t('optional') }}</span></label>
        <v-text-field id="op-tags" v-model="tags" :hint="t('tags.hint')" persistent-hint variant="outlined"
          autocomplete="off" autocapitalize="off" spellcheck="false" name="tags"></v-text-field>
      </div>
      <div v-if="earlier.length">
        <h3 class="op-heading" id="op-earlier">{{ t('earlier') }}</h3>
        <ul class="op-earlier" aria-labelledby="op-earlier">
          <li v-for="scan in earlier" :key="scan.scan">
            <v-icon :icon="iconOf(scan)" size="20" aria-hidden="true"></v-icon>
            <span>{{ titleOf(scan) }}</span><span class="op-id">{{ scan.deviceId || scan.start }}</span>
          </li>
        </ul>
      </div>
      <Flash ref="flash"></Flash>
    </form>`,
});
