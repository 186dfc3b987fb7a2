/** Reads codes with the camera, where the browser can: `BarcodeDetector`, on a page of https or localhost. */
const FORMATS = ['qr_code', 'data_matrix', 'code_128', 'code_39', 'code_93', 'aztec', 'pdf417'];
/** Time between two looks, in milliseconds; a code that stays in view is reported once. */
const LOOK_INTERVAL_MS = 200;
const SAME_CODE_MS = 4000;

/** Whether this browser has a camera interface and a detector for at least one of the formats. */
export async function hasCamera() {
  if (!window.isSecureContext || !('BarcodeDetector' in window) || !navigator.mediaDevices?.getUserMedia) return false;
  return (await supportedFormats()).length > 0;
}

async function supportedFormats() {
  try {
    const formats = await window.BarcodeDetector.getSupportedFormats();
    return formats.filter((format) => FORMATS.includes(format));
  } catch {
    return [];
  }
}

/** The camera's picture; emits `code` with each text that comes into view. */
export const Camera = {
  __v_skip: true,
  props: { label: String, problem: String },
  emits: ['code'],
  data() {
    return { failed: false };
  },
  async mounted() {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
      this.stop = () => stream.getTracks().forEach((track) => track.stop());
      // The panel may have been closed while the browser asked for permission.
      if (this.closed) return this.stop();
      const { video } = this.$refs;
      video.srcObject = stream;
      await video.play();
      const detector = new window.BarcodeDetector({ formats: await supportedFormats() });
      if (!this.closed) this.timer = setInterval(() => this.look(detector, video), LOOK_INTERVAL_MS);
    } catch {
      this.failed = true;
    }
  },
  unmounted() {
    this.closed = true;
    clearInterval(this.timer);
    this.stop?.();
  },
  methods: {
    async look(detector, video) {
      if (this.looking) return;
      this.looking = true;
      try {
        const [code] = await detector.detect(video);
        if (code !== undefined && !this.closed) this.report(code.rawValue);
      } catch {
        // A picture that cannot be read is followed by the next one.
      }
      this.looking = false;
    },
    report(text) {
      const now = Date.now();
      const isSame = text === this.code && now - this.seenAt < SAME_CODE_MS;
      this.code = text;
      this.seenAt = now;
      if (!isSame) this.$emit('code', text);
    },
  },
  template: `
    <div class="op-camera">
      <p v-if="failed" role="alert">{{ problem }}</p>
      <video v-else ref="video" :aria-label="label" muted playsinline></video>
    </div>`,
};
