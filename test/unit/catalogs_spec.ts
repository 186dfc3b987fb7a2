import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { CONTRACT, ERROR_CODES } from '../support/contract';

const ROOT = resolve(__dirname, '../..');
/** Every type that has a dialog. */
const TYPES = readdirSync(join(ROOT, 'nodes'))
  .filter((file) => file.endsWith('.html'))
  .map((file) => file.replace('.html', ''));
const REFERENCE = 'en-US';
const LANGUAGES = readdirSync(join(ROOT, 'locales'));
const read = (...path: string[]): string => readFileSync(join(ROOT, ...path), 'utf8');

type Definition = Record<string, any>;

/** What dialogs share. */
const SHARED = readdirSync(join(ROOT, 'resources')).filter((file) => file.endsWith('.js'));

/** A jQuery whose methods give itself: resources/editor.js registers handlers and a style sheet when it is loaded. */
const jQueryStub: Definition = () => new Proxy({}, { get: () => jQueryStub });

/** Runs the script of a dialog as the editor does, and gives what it registers. */
function definitionOf(type: string): Definition {
  const registered: [string, Definition][] = [];
  const validator = (value: unknown, options: unknown): boolean => value !== options;
  const RED = {
    nodes: { registerType: (name: string, definition: Definition) => registered.push([name, definition]) },
    validators: { typedInput: () => validator },
    events: { on: () => undefined, off: () => undefined },
    _: (key: string) => key,
  };
  const context = createContext({ RED, $: jQueryStub, document: {}, window: {} as Definition });
  const window = context['window'] as Definition;
  // Once per node type and in any order, as in the editor.
  for (const file of [...SHARED, ...SHARED]) runInContext(read('resources', file), context);
  Object.assign(context, window);
  const scripts = read('nodes', `${type}.html`).matchAll(/<script type="text\/javascript">([\s\S]*?)<\/script>/g);
  for (const [, script] of scripts) runInContext(script!, context);
  assert.deepEqual(
    registered.map(([name]) => name),
    [type],
  );
  return registered[0]![1];
}

/** A catalog as a flat table: key to text. */
function catalogOf(language: string, type: string): Map<string, string> {
  const flat = new Map<string, string>();
  const walk = (branch: object, path: string): void => {
    for (const [name, value] of Object.entries(branch) as [string, unknown][]) {
      const key = path === '' ? name : `${path}.${name}`;
      if (typeof value === 'object' && value !== null) walk(value, key);
      else flat.set(key, String(value));
    }
  };
  walk(JSON.parse(read('locales', language, `${type}.json`)) as object, '');
  return flat;
}

const placeholders = (text: string): string[] => (text.match(/__\w+__/g) ?? []).sort();
const matches = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, first]) => first!);

const sourcesIn = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => read(folder, file));

/** Every source that may name a key, and the node type whose catalog its short keys belong to. */
const SOURCES = [
  ...TYPES.flatMap((type) => [
    { type, text: read('nodes', `${type}.html`) },
    ...[`${type}.ts`, `definitions/${type.replace('nrfcloud-', '')}.ts`]
      .filter((file) => existsSync(join(ROOT, 'nodes', file)))
      .map((file) => ({ type, text: read('nodes', file) })),
  ]),
  // The texts that all nodes share stand in the connection's catalog.
  ...['nodes/runtime', 'nodes/work', 'nodes/operations'].flatMap(sourcesIn).map((text) => ({
    type: 'nrfcloud-connection',
    text: text.replaceAll('${SHARED}', 'nrfcloud-connection'),
  })),
  ...SHARED.map((file) => ({ type: 'nrfcloud-connection', text: read('resources', file) })),
];

/** Words that can follow the beginning of a key in a source: choices of the dialog, operations, error codes. */
function endingsIn(key: string, source: (typeof SOURCES)[number]): Set<string> {
  const [type] = key.split('.') as [string];
  const operations = join('nodes/operations', `${type.replace('nrfcloud-', '')}.ts`);
  const texts = [source, ...SOURCES.filter((other) => other.type === type)].map(({ text }) => text);
  if (existsSync(join(ROOT, operations))) texts.push(read(operations));
  const words = texts.flatMap((text) => [...matches(text, /['"`]([\w.]+)['"`]/g), ...matches(text, /^\s+(\w+):/gm)]);
  return new Set([...words, ...ERROR_CODES]);
}

/** The keys that a source names; one that ends in a dot is the beginning of several. */
function keysIn({ type, text }: (typeof SOURCES)[number]): string[] {
  return [
    ...matches(text, /data-i18n="(?:\[[\w-]+\])?(?:[\w/-]+:)?(nrfcloud-[^"]+)"/g),
    ...matches(text, /['`](nrfcloud-[\w-]+\.[\w.]+)/g),
    ...matches(text, /\bt\('([\w.]+)'/g).map((key) => `${type}.${key}`),
    ...matches(text, /\bshared\('([\w.]+)'/g).map((key) => `nrfcloud-connection.common.${key}`),
  ].filter((key) => !/\.(svg|html|write|read)$/.test(key));
}

describe('the catalogs', () => {
  for (const language of LANGUAGES) {
    it(`of ${language} have the files of ${REFERENCE}, and its keys and placeholders`, () => {
      assert.deepEqual(
        readdirSync(join(ROOT, 'locales', language)).sort(),
        TYPES.flatMap((type) => [`${type}.html`, `${type}.json`]).sort(),
      );
      for (const type of TYPES) {
        const [reference, catalog] = [catalogOf(REFERENCE, type), catalogOf(language, type)];
        assert.deepEqual([...catalog.keys()], [...reference.keys()], type);
        for (const [key, text] of catalog) assert.deepEqual(placeholders(text), placeholders(reference.get(key)!), key);
      }
    });
  }

  const known = new Set(TYPES.flatMap((type) => [...catalogOf(REFERENCE, type).keys()]));

  it('have every key that dialogs, validators and statuses use', () => {
    const has = (key: string): boolean =>
      key.endsWith('.') ? [...known].some((candidate) => candidate.startsWith(key)) : known.has(key);
    const missing = SOURCES.flatMap(keysIn).filter((key) => !has(key));
    assert.deepEqual(missing, []);
  });

  it('have no key that nothing uses', () => {
    const used = SOURCES.flatMap(keysIn);
    // Keys also stand alone where one of several is chosen.
    const alone = SOURCES.flatMap(({ type, text }) =>
      matches(text, /'([\w.]+)'/g).flatMap((key) => [`${type}.${key}`, `${type}.common.${key}`]),
    );
    const uses = new Set([...used, ...alone]);
    const beginnings = SOURCES.flatMap((source) =>
      keysIn(source)
        .filter((key) => key.endsWith('.'))
        .map((key) => ({ key, endings: endingsIn(key, source) })),
    );
    const isBuilt = (key: string): boolean =>
      beginnings.some(
        (beginning) => key.startsWith(beginning.key) && beginning.endings.has(key.slice(beginning.key.length)),
      );
    const idle = [...known].filter((key) => !uses.has(key) && !isBuilt(key));
    assert.deepEqual(idle, []);
  });
});

describe('the definition of', () => {
  for (const type of TYPES) {
    describe(type, () => {
      const contract = CONTRACT[type]!;
      const definition = definitionOf(type);

      it("has the contract's properties and defaults, category, outputs and credentials", () => {
        const entries = Object.entries(definition['defaults'] as Record<string, { value: unknown }>);
        assert.deepEqual(Object.fromEntries(entries.map(([name, { value }]) => [name, value])), contract.defaults);
        assert.equal(definition['category'], contract.category);
        assert.equal(definition['outputs'] ?? 0, contract.outputs);
        const credentials = Object.entries((definition['credentials'] ?? {}) as Record<string, { type: string }>);
        assert.deepEqual(
          credentials.map(([name, { type: kind }]) => [name, kind]),
          (contract.credentials ?? []).map((name) => [name, 'password']),
        );
      });

      it('has validators of two parameters, since Node-RED takes the sentence of no other', () => {
        for (const [name, { validate }] of Object.entries<Definition>(definition['defaults'])) {
          if (validate !== undefined) assert.equal((validate as () => unknown).length, 2, name);
        }
      });

      it('has an icon of its own', () => {
        if (contract.category === 'config') return;
        assert.equal(definition['icon'], `${type}.svg`);
        assert.ok(existsSync(join(ROOT, 'icons', `${type}.svg`)));
      });

      for (const language of LANGUAGES) {
        it(`has help that names each message property that it sets, and every error code (${language})`, () => {
          const help = read('locales', language, `${type}.html`);
          assert.match(help, new RegExp(`<script type="text/html" data-help-name="${type}">\\s*<p>`));
          const listed = matches(help, /<dt[^>]*>([^<]+)/g).flatMap((term) => term.trim().split(', '));
          const terms = [...listed, ...matches(help, /<code>msg\.(\w+)/g)];
          for (const property of contract.sets) assert.ok(terms.includes(property), `msg.${property}`);
          if (contract.category === 'config') return;
          for (const code of ERROR_CODES) assert.ok(terms.includes(code), code);
        });
      }
    });
  }
});
