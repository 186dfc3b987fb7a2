/** A short tone for an outcome: one high tone for success, two low ones for failure. Off until somebody switches it on. */
import { setting } from './panel.js';

let context;

export const Sound = {
  get isOn() {
    return setting('sound') === true;
  },
  set isOn(on) {
    setting('sound', on);
    if (on) this.play(true);
  },
  play(isGood) {
    if (!this.isOn || window.AudioContext === undefined) return;
    context ??= new AudioContext();
    // A browser starts it only after a key or click; before that there is no tone.
    void context.resume();
    if (isGood) tone(880, 0, 0.15);
    else for (const start of [0, 0.25]) tone(220, start, 0.2);
  },
};

/** @param start in seconds from now @param seconds how long */
function tone(hertz, start, seconds) {
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  const from = context.currentTime + start;
  oscillator.frequency.value = hertz;
  gain.gain.setValueAtTime(0.3, from);
  gain.gain.exponentialRampToValueAtTime(0.001, from + seconds);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(from);
  oscillator.stop(from + seconds);
}
