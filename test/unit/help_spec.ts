import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readTabs } from '../../demo/tabs';
import { CAUSE, CONTRACT, ERROR_CODES, ROW_CODES } from '../support/contract';

const ROOT = resolve(__dirname, '../..');
/** Every type that has a dialog. */
const TYPES = readdirSync(join(ROOT, 'nodes'))
  .filter((file) => file.endsWith('.html'))
  .map((file) => file.replace('.html', ''));
const LANGUAGES = readdirSync(join(ROOT, 'locales'));
const read = (...path: string[]): string => readFileSync(join(ROOT, ...path), 'utf8');
const matches = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, first]) => first!);
const sorted = (items: Iterable<string>): string[] => [...new Set(items)].sort();

/** A section of a help text, without the parts that other sections have. */
function section(help: string, title: string): string {
  return new RegExp(`<h3[^>]*>${title}</h3>([\\s\\S]*?)(?=<h3|</script>)`).exec(help)?.[1] ?? '';
}

/** The terms that a section's lists define. */
const terms = (part: string): string[] => matches(part, /<dt[^>]*>([^<]+)/g).flatMap((term) => term.trim().split(', '));

/** The sections of a help text in the order of the style guide, by their place, as titles are translated. */
function sections(help: string): { titles: string[]; parts: string[] } {
  const titles = matches(help, /<h3[^>]*>([^<]+)<\/h3>/g);
  return { titles, parts: titles.map((title) => section(help, title)) };
}

describe('the help', () => {
  for (const type of TYPES) {
    const contract = CONTRACT[type]!;
    const isConfig = contract.category === 'config';
    for (const language of LANGUAGES) {
      describe(`of ${type} (${language})`, () => {
        const help = read('locales', language, `${type}.html`);
        const { titles, parts } = sections(help);
        const reference = sections(read('locales/en-US', `${type}.html`));

        it("has the style guide's sections, which begin with one sentence", () => {
          if (language === 'en-US') {
            const form = isConfig
              ? ['Properties', 'Details', 'References']
              : ['Inputs', 'Outputs', 'Details', 'Errors', 'References'];
            assert.deepEqual(titles, form);
          }
          assert.equal(titles.length, reference.titles.length);
          const first = /<p>([\s\S]+?)<\/p>/.exec(help)![1]!.trim();
          assert.match(first, /[.。]$/);
          assert.equal(first.split(/[.。](?:\s|$)/).filter(Boolean).length, 1);
          assert.match(parts.at(-1)!, /<a href="https:\/\/[^"]+" target="_blank" rel="noopener">/);
        });

        it('defines the terms, links and code of the reference language', () => {
          parts.forEach((part, place) => {
            const other = reference.parts[place]!;
            const links = (text: string): string[] => matches(text, /href="([^"]+)"/g);
            assert.deepEqual(links(part), links(other), titles[place]);
            // The names of a config node's properties are its labels, which are translated; so are a mode's words.
            const fixed = (text: string): string[] => terms(text).filter((term) => /^[A-Za-z_]+$/.test(term));
            if (!isConfig) for (const term of fixed(other)) assert.ok(fixed(part).includes(term), term);
            assert.equal(terms(part).length, terms(other).length, titles[place]);
            const code = (text: string): string[] => sorted(matches(text, /<code>([^<]+)<\/code>/g).map(flat));
            assert.deepEqual(code(part), code(other), titles[place]);
          });
        });

        it('names in quotes only what its dialog shows', () => {
          const prose = help.replace(/<(code|pre|h3|span)\b[\s\S]*?<\/\1>/g, ' ').replace(/<[^>]+>/g, ' ');
          const shown = new Set([...textsOf(language, type), ...textsOf(language, 'nrfcloud-connection')]);
          const quoted = [...flat(prose).matchAll(/"([^"]+)"|„([^“”]+)[“”]|«\s*([^»]+?)\s*»|「([^」]+)」|“([^”]+)”/g)];
          const unknown = quoted.map((found) => found.slice(1).find(Boolean)!).filter((words) => !shown.has(words));
          assert.deepEqual(unknown, []);
        });

        if (isConfig) {
          it('explains each property by its label', () => {
            const catalog = JSON.parse(read('locales', language, `${type}.json`)) as Record<string, { label: object }>;
            const labels = Object.entries(catalog[type]!.label) as [string, string][];
            const properties = [...Object.keys(contract.defaults), ...contract.credentials!].filter(
              (property) => property !== 'name',
            );
            assert.deepEqual(
              sorted(terms(parts[0]!)),
              sorted(labels.filter(([property]) => properties.includes(property)).map(([, label]) => label)),
            );
          });
          return;
        }

        it('names the message properties that the node reads and sets, and no others', () => {
          const [inputs, outputs] = parts as [string, string];
          const taken = contract.reads;
          if (taken.length > 0)
            assert.deepEqual(sorted(terms(inputs).filter((term) => /^\w+$/.test(term))), sorted(taken));
          const said = sorted([...terms(outputs), ...matches(outputs, /<code>msg\.(\w+)/g)]);
          const known = [...contract.sets, 'resumed', 'parts'];
          assert.deepEqual(
            said.filter((property) => ![...known, ...taken].includes(property)),
            [],
          );
          for (const property of contract.sets) assert.ok(said.includes(property), property);
          const mentioned = matches(help, /<code>msg\.(\w+)/g);
          const all = [...known, ...taken, 'error', 'req', 'res'];
          assert.deepEqual(
            mentioned.filter((property) => !all.includes(property)),
            [],
          );
        });

        it('describes each output in its place', () => {
          const ports = matches(parts[1]!, /\n {8}(<li>)/g).length;
          assert.equal(ports, contract.outputs > 1 ? contract.outputs : 0);
          assert.equal(/<ol class="node-ports">/.test(parts[1]!), contract.outputs > 1);
        });

        it('has an entry for every error code of the code, which is a sentence, and for no other', () => {
          const entries = [...parts[3]!.matchAll(/<dt>([^<]+)<\/dt>\s*<dd>([\s\S]+?)<\/dd>/g)];
          const codes = entries.flatMap(([, codesOfEntry]) => codesOfEntry!.split(', '));
          assert.deepEqual([...codes].sort(), ERROR_CODES);
          for (const [, code, words] of entries) assert.ok(flat(words!).length > 10, code);
          const mentioned = matches(help, /\b(NRFCLOUD_\w+)/g);
          assert.deepEqual(
            mentioned.filter((code) => !ERROR_CODES.includes(code)),
            [],
          );
          const facts = matches(parts[3]!.split('<dl')[0]!, /<code>(\w+)<\/code>/g);
          assert.deepEqual(facts, ['code', 'message', 'cause', ...CAUSE]);
        });

        if (type === 'nrfcloud-onboarding') {
          it('has every stage, and the lists that messages of an array do not carry', () => {
            const stages = ['waiting', 'onboarded', 'connected', 'failed', 'unclaimed', 'blocked'];
            assert.deepEqual(sorted(terms(parts[2]!)), sorted(stages));
            assert.match(parts[1]!, /<code>msg\.rows<\/code>[^]+<code>msg\.claimedRows<\/code>/);
          });
        }

        if (type === 'nrfcloud-command') {
          it('has the status of a command that disappeared', () => {
            assert.match(parts[2]!, /<code>REMOVED<\/code>/);
          });
        }

        if (type === 'nrfcloud-bulk-claim') {
          it('has every code of a rejected row', () => {
            const codes = matches(parts[1]!, /<code>([A-Z]+_[A-Z]+|DUPLICATE)<\/code>/g);
            assert.deepEqual(sorted(codes), ROW_CODES);
          });
        }
      });
    }
  }
});

describe('the README', () => {
  const readme = read('README.md');

  it('README: links and pictures point to files of the repository', () => {
    const targets = [...readme.matchAll(/\]\(([^)#\s]+)\)|(?:src|srcset)="([^"]+)"/g)]
      .map(([, link, picture]) => decodeURIComponent(link ?? picture!))
      .filter((target) => !target.startsWith('https:'));
    assert.ok(targets.length > 20, String(targets.length));
    const missing = targets.filter((target) => !existsSync(join(ROOT, target)));
    assert.deepEqual(missing, []);
  });

  it('README: every node type has a row with a link to its help', () => {
    const rows = matches(readme, /^\| `(nrfcloud-[\w-]+)` \|.*\(locales\/en-US\/\1\.html\)/gm);
    assert.deepEqual([...rows].sort(), [...TYPES].sort());
  });

  it('README: every example has a row', () => {
    const linked = matches(readme, /^\|.*\(examples\/([^)]+)\.json\) \|$/gm).map(decodeURIComponent);
    const examples = readdirSync(join(ROOT, 'examples')).filter((file) => file.endsWith('.json'));
    assert.deepEqual(linked.sort(), examples.map((file) => file.replace('.json', '')).sort());
  });

  it('README: every property of the connection has a row with its default', () => {
    const { defaults, credentials } = CONTRACT['nrfcloud-connection']!;
    const configuration = /^## Configuration\n([\s\S]*?)^## /m.exec(readme)![1]!;
    for (const property of [...Object.keys(defaults), ...credentials!].filter((name) => name !== 'name')) {
      const [row = ''] = matches(configuration, new RegExp(`^(\\|[^|]*\`${property}\`.*)$`, 'gm'));
      assert.notEqual(row, '', property);
      const value = (defaults[property] ?? '') as string | number;
      assert.equal(row.split('|')[2]!.replaceAll('`', '').trim(), value.toString(), property);
    }
  });

  it('README: the error table has a row for every error code and for no other', () => {
    assert.deepEqual(matches(readme, /^\| `(NRFCLOUD_\w+)` \|/gm).sort(), ERROR_CODES);
    assert.deepEqual(
      matches(readme, /\b(NRFCLOUD_\w+)/g).filter((code) => code !== 'NRFCLOUD_API_KEY' && !ERROR_CODES.includes(code)),
      [],
    );
  });

  it('README: the cause of an error has every fact', () => {
    const facts = /`cause`: `\{ ([^}]+) \}`/.exec(flat(readme))![1]!;
    assert.deepEqual(
      facts.split(', ').map((fact) => fact.replace('?', '')),
      CAUSE,
    );
  });

  it("README: the demo's channels have a row for every endpoint", () => {
    const endpoints = readTabs().filter(({ type, url }) => type === 'http in' && !String(url).startsWith('/operator/'));
    const rows = matches(readme, /^\| ([^|]+) \|/gm).join(' ');
    for (const { method, url } of endpoints) {
      const path = String(url).replace(/:(\w+)/g, '<$1>');
      const name = path === '/' ? 'page `/`' : `\`${String(method).toUpperCase()} ${path}`;
      assert.ok(rows.includes(name), name);
    }
  });

  it('README: message properties are those of the nodes', () => {
    const known = new Set([
      'req',
      'res',
      'topic',
      'parts',
      'error',
      'payload',
      ...TYPES.flatMap((type) => [...CONTRACT[type]!.sets, ...CONTRACT[type]!.reads]),
    ]);
    assert.deepEqual(
      matches(readme, /`msg\.(\w+)/g).filter((property) => !known.has(property)),
      [],
    );
  });
});

/** Text on one line. */
function flat(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** All texts of a catalog. */
function textsOf(language: string, type: string): string[] {
  const texts: string[] = [];
  JSON.parse(read('locales', language, `${type}.json`), (_key, value: unknown) => {
    if (typeof value === 'string') texts.push(value);
    return value;
  });
  return texts;
}
