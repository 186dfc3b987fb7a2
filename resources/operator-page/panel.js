/**
 * What the panels of the operator page share: a Vue component's base, texts, numbers and times, the messages between the
 * page and the flow, and the style sheet.
 */
import { chooseLanguage } from './language.js';

const FOLDER = new URL('.', import.meta.url);
/** Names this browser tab: answers go to every open page, and each takes those to its own questions. */
const TAB = remember('tab', () => Math.random().toString(36).slice(2));
const { language, locale } = chooseLanguage(navigator.languages);
const number = new Intl.NumberFormat(locale);
const plural = new Intl.PluralRules(language);
let lastQuestion = Date.now();

await loadStyle('operator-page');
const common = await loadTexts('common');

/**
 * Makes a panel: a Vue component with the texts of `texts/<language>/<name>.json` and, with `hasStyle`, the style sheet
 * `<name>.css`. Beside its own options it has
 * - `t(key, values)`: a text; `count(n)`, `time(date)`, `duration(seconds)`: a number, a time, a period as people of this language
 *   write it;
 * - `ask(message)`: sends a message to the flow, out of the panel's ui-template; resolves nothing, but the number that it
 *   returns comes back as `question` in the answer's payload, with `page`, if the flow passes both on;
 * - `isMine(answer)`: whether an answer is for this browser tab;
 * - its own method `receive(payload)`: called with each payload that the flow sends to the ui-template, and with the last
 *   one when the page opens;
 * - `keep(name, value)`, `kept(name)`: what this tab remembers, also when Dashboard builds the page anew;
 * - `describeError({ code, message })`: title, advice and detail of an error of a node, as `msg.error`.
 */
export async function definePanel({ name, hasStyle = false, methods, mounted, unmounted, ...options }) {
  if (hasStyle) await loadStyle(name);
  const texts = { ...common, ...(await loadTexts(name)) };
  return {
    // Vue needs no watch on a component's own definition.
    __v_skip: true,
    name: `operator-${name}`,
    inject: ['$socket'],
    props: { id: { type: String, required: true } },
    ...options,
    methods: {
      t: (key, values = {}) => fill(texts, key, values),
      count: (value) => number.format(value),
      time: (date, style = { timeStyle: 'short' }) => new Intl.DateTimeFormat(locale, style).format(new Date(date)),
      duration: (seconds) => formatDuration(texts, seconds),
      ask(message) {
        const question = ++lastQuestion;
        // Not ui-template's send(): Dashboard would keep the message, and hand it to every page that is opened later.
        this.$socket.emit('widget-action', this.id, { ...message, page: TAB, question });
        return question;
      },
      isMine: (answer) => answer?.page === TAB,
      kept: (key) => read(`${name}-${key}`),
      keep: (key, value) => write(`${name}-${key}`, value),
      describeError: (error) => describeError(texts, error),
      ...methods,
    },
    mounted() {
      this.$el.lang = language;
      this.heard = (msg) => {
        if (msg?.payload !== undefined) this.receive?.(msg.payload);
      };
      this.$socket.on(`msg-input:${this.id}`, this.heard);
      this.$socket.on(`widget-load:${this.id}`, this.heard);
      // What Dashboard sent by itself came before this file did.
      this.$socket.emit('widget-load', this.id);
      mounted?.call(this);
    },
    unmounted() {
      this.$socket.off(`msg-input:${this.id}`, this.heard);
      this.$socket.off(`widget-load:${this.id}`, this.heard);
      unmounted?.call(this);
    },
  };
}

/** A setting of this browser, which outlives the tab. */
export function setting(key, value) {
  const name = `operator-${key}`;
  try {
    if (value === undefined) return JSON.parse(localStorage.getItem(name));
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    // A browser that keeps nothing forgets the setting, and the page works.
  }
  return value ?? null;
}

/**
 * Where the flow serves HTTP. @param setup Dashboard's own description of Node-RED
 * @param path without a slash in front
 */
export function flowUrl(setup, path) {
  return `${(setup?.RED?.httpNodeRoot || '/').replace(/\/*$/, '/')}${path}`;
}

/** A text with its values; a text with forms (`one`, `other`) takes the one that `values.count` needs. */
function fill(texts, key, values) {
  const found = texts[key];
  if (found === undefined) throw new Error(`the operator page has no text "${key}"`);
  const text = typeof found === 'string' ? found : (found[plural.select(values.count)] ?? found.other);
  return text.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return typeof value === 'number' ? number.format(value) : String(value);
  });
}

/** About how long: whole seconds below a minute, then minutes, then hours and minutes. */
function formatDuration(texts, seconds) {
  if (seconds < 60) return fill(texts, 'seconds', { count: Math.max(1, Math.ceil(seconds)) });
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return fill(texts, 'minutes', { count: minutes });
  return fill(texts, 'hours', { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}

/** Title and advice are the page's, by code; the node's own sentence, which is English, is the detail. */
function describeError(texts, { code = '', message = '' }) {
  const known = texts[`error.${code}.title`] === undefined ? 'other' : code;
  const detail = message.replace(/^[a-z ]+: /, '');
  return {
    title: fill(texts, `error.${known}.title`, {}),
    advice: fill(texts, `error.${known}.advice`, {}),
    detail: detail === '' ? '' : `${detail.charAt(0).toUpperCase()}${detail.slice(1)}`,
  };
}

async function loadTexts(name) {
  const response = await fetch(new URL(`texts/${language}/${name}.json`, FOLDER));
  if (!response.ok) throw new Error(`${response.url}: ${response.status}`);
  return response.json();
}

function loadStyle(name) {
  return new Promise((resolve, reject) => {
    const link = document.createElement('link');
    link.rel = 'stylesheet';
    link.href = new URL(`${name}.css`, FOLDER).href;
    link.onload = resolve;
    link.onerror = () => reject(new Error(`${link.href} cannot be loaded`));
    document.head.append(link);
  });
}

function remember(key, make) {
  const value = read(key) ?? make();
  write(key, value);
  return value;
}

function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(`operator-${key}`)) ?? undefined;
  } catch {
    return undefined;
  }
}

function write(key, value) {
  try {
    sessionStorage.setItem(`operator-${key}`, JSON.stringify(value));
  } catch {
    // A browser that keeps nothing shows an empty panel after a reload.
  }
}
