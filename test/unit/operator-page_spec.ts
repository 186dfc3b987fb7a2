import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readExample } from '../support/examples';

const ROOT = resolve(__dirname, '../..');
const FOLDER = join(ROOT, 'resources/operator-page');
const TEXTS = join(FOLDER, 'texts');
const REFERENCE = 'en-US';
const OPERATOR_PAGE = 'Operator page (needs FlowFuse Dashboard)';
const read = (file: string): string => readFileSync(join(FOLDER, file), 'utf8');

/** A text, or its forms by number. */
type Text = string | Record<string, string>;
interface Language {
  LANGUAGES: Record<string, string>;
  chooseLanguage: (preferred: string[]) => { language: string; locale: string };
}

const textsOf = (language: string, file: string): Record<string, Text> =>
  JSON.parse(readFileSync(join(TEXTS, language, file), 'utf8')) as Record<string, Text>;
const formsOf = (text: Text): string[] => (typeof text === 'string' ? [text] : Object.values(text));
const placeholders = (text: Text): string[] =>
  [...new Set(formsOf(text).flatMap((form) => form.match(/\{\w+\}/g) ?? []))].sort();

describe('the operator page', () => {
  const panels = readdirSync(join(TEXTS, REFERENCE));

  it('operator page: has every text in the languages of the nodes, with the same values', () => {
    const languages = readdirSync(TEXTS);
    assert.deepEqual(languages.sort(), readdirSync(join(ROOT, 'locales')).sort());
    for (const language of languages) {
      assert.deepEqual(readdirSync(join(TEXTS, language)), panels, language);
      for (const file of panels) {
        const reference = textsOf(REFERENCE, file);
        const texts = textsOf(language, file);
        assert.deepEqual(Object.keys(texts).sort(), Object.keys(reference).sort(), `${language}/${file}`);
        for (const [key, text] of Object.entries(texts)) {
          assert.deepEqual(placeholders(text), placeholders(reference[key]!), `${language}/${file}: ${key}`);
          if (typeof text !== 'string') assert.ok('other' in text, `${language}/${file}: ${key}`);
          for (const form of formsOf(text)) assert.notEqual(form.trim(), '', `${language}/${file}: ${key}`);
        }
      }
    }
  });

  it('operator page: chooses the first of the browser languages that it speaks', async () => {
    const { chooseLanguage, LANGUAGES } = (await import(
      `data:text/javascript,${encodeURIComponent(read('language.js'))}`
    )) as Language;
    assert.deepEqual(Object.values(LANGUAGES).sort(), readdirSync(TEXTS).sort());
    assert.deepEqual(chooseLanguage(['nl-NL', 'de-AT', 'en-GB']), { language: 'de', locale: 'de-AT' });
    assert.deepEqual(chooseLanguage(['zh-TW']), { language: 'zh-CN', locale: 'zh-TW' });
    assert.deepEqual(chooseLanguage(['nl']), { language: 'en-US', locale: 'en-US' });
  });

  it('operator page: each template of the example loads a panel that is in the package', () => {
    const templates = readExample(OPERATOR_PAGE).filter(({ type }) => type === 'ui-template');
    assert.notEqual(templates.length, 0);
    for (const { name, format } of templates) {
      const [, file] = /import\(folder \+ '(\w+\.js)'\)/.exec(String(format)) ?? [];
      assert.ok(file !== undefined && readdirSync(FOLDER).includes(file), String(name));
    }
  });

  it('operator page: no file has more than 300 lines', () => {
    for (const file of readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })) {
      if (!/\.\w+$/.test(file)) continue;
      assert.ok(read(file).split('\n').length <= 301, file);
    }
  });
});
