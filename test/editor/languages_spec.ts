import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import packageJson from '../../package.json';
import { CONTRACT } from '../support/contract';
import { KNOWN, useEditor } from '../support/shared-editor';
import { brokenWords, misfits } from './fit';

// The editor's own objects, in the page.
declare const RED: any;

const LOCALES = resolve(__dirname, '../../locales');
const REFERENCE = 'en-US';
const LANGUAGES = readdirSync(LOCALES);
const TYPES = Object.keys(packageJson['node-red'].nodes);
const PALETTE_TYPES = TYPES.filter((type) => CONTRACT[type]!.category !== 'config');
/** What a key of a catalog looks like that was not found. */
const RAW_KEY = /nrfcloud-[\w-]+[.:]\w|node-red:\w/;
/** Words that are the same in other languages: names, what the service and Node-RED call a thing, abbreviations. */
const SAME = new Set(
  'nRF Cloud,API key,Base URL,TLS,Proxy,Timeout,Status,Tag,Tags,Operation,Name,Nordic,JSON,CSV,Port,URL,Details,Token,Limit,Amazon Root CA 1,onboarding,Description'.split(
    ',',
  ),
);

/** All texts of the reference catalog that a person would recognize as English where another language is chosen. */
function englishTexts(language: string, type: string): Map<string, string> {
  const texts = new Map<string, string>();
  if (language === REFERENCE) return texts;
  const walk = (english: unknown, translated: unknown, key: string): void => {
    if (typeof english === 'string') texts.set(english.trim(), key);
    else
      for (const [name, value] of Object.entries(english as object)) {
        walk(value, (translated as Record<string, unknown>)[name], `${key}.${name}`);
      }
  };
  const read = (folder: string): unknown => JSON.parse(readFileSync(join(LOCALES, folder, `${type}.json`), 'utf8'));
  walk(read(REFERENCE), read(language), '');
  for (const same of [...SAME, '']) texts.delete(same);
  // What a person types is the same everywhere.
  for (const text of texts.keys()) if (/^[\w=&, ]+=[\w=&, ]+$/.test(text)) texts.delete(text);
  return texts;
}

/** The sentences of a help text, as plain text. */
function englishSentences(type: string): string[] {
  const help = readFileSync(join(LOCALES, REFERENCE, `${type}.html`), 'utf8');
  return [...help.matchAll(/<(?:p|dd)>([^<]+)/g)].map(([, text]) => flat(text!)).filter((text) => text.length > 15);
}

describe('language', function () {
  this.timeout(60_000);
  const stage = useEditor();
  // Opening dialogs takes most of the time, so each is opened once for all that is checked in it.
  after(() => stage.editor.choose({}));

  for (const language of LANGUAGES) {
    describe(language, () => {
      before(() => stage.editor.choose({ language }));

      /** What stands in English, or as a raw key, in the open dialog: texts, choices, placeholders and tooltips. */
      const leftovers = async (english: Map<string, string>): Promise<string[]> => {
        const shown = await stage.editor.form.evaluate((form: any) => {
          const words: string[] = [];
          for (const element of form.querySelectorAll('*')) {
            words.push(
              ...[...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.textContent),
            );
            for (const name of ['placeholder', 'title', 'aria-label']) words.push(element.getAttribute(name) ?? '');
          }
          return words.map((word) => word.trim()).filter(Boolean);
        });
        return shown.filter((text) => RAW_KEY.test(text) || english.has(text));
      };

      const readHelp = async (type: string): Promise<void> => {
        const help = flat(await stage.editor.showHelp());
        assert.doesNotMatch(help, RAW_KEY);
        const english = englishSentences(type).filter((sentence) => help.includes(sentence));
        assert.equal(english.length > 0, language === REFERENCE, english.join('\n'));
      };

      it('palette: no label breaks inside a word', async () => {
        const broken: string[] = [];
        for (const type of PALETTE_TYPES) broken.push(...(await brokenWords(stage.editor, type)));
        assert.deepEqual(broken, []);
      });

      for (const type of PALETTE_TYPES) {
        it(`${type}: palette, canvas, ports, dialog and help are in the language, and each label fits on one line`, async () => {
          const { editor } = stage;
          const english = englishTexts(language, type);
          const id = await editor.drag(type, { x: 300, y: 200 });
          const words = await editor.page.evaluate((wanted) => {
            const node = RED.nodes.node(wanted);
            const { _def: definition } = node;
            const ports = Array.from({ length: node.outputs as number }, (_, port) =>
              definition.outputLabels.call(node, port),
            );
            return [
              definition.paletteLabel.call(definition),
              definition.label.call(node),
              definition.inputLabels.call(node, 0),
              ...ports,
            ];
          }, id);
          assert.deepEqual(
            words.filter((word: string) => !word || RAW_KEY.test(word) || english.has(word)),
            [],
          );
          await editor.openDialog(id);
          await editor.field('connection').selectOption(KNOWN);
          assert.deepEqual(await leftovers(english), []);
          assert.deepEqual(await misfits(editor), []);
          await readHelp(type);
          await editor.closeDialogs();
          await editor.remove(id);
        });
      }

      it('the connection is in the language, says in it what is wrong, and each label fits on one line', async () => {
        const { editor } = stage;
        const english = englishTexts(language, 'nrfcloud-connection');
        const id = await editor.drag('nrfcloud-claim', { x: 300, y: 200 });
        await editor.openDialog(id);
        await editor.openConfig('connection', 'add');
        await editor.field('apiKey').fill('${KEY_OF_NOBODY}');
        await editor.dialog.getByRole('alert').getByText('KEY_OF_NOBODY').waitFor();
        const toggle = editor.dialog.locator('#nrfcloud-connection-limits-toggle');
        if ((await toggle.getAttribute('aria-expanded')) === 'false') await toggle.click();
        assert.deepEqual(await misfits(editor), []);
        await editor.field('retries').fill('-1');
        assert.deepEqual(await leftovers(english), []);
        await readHelp('nrfcloud-connection');
        await editor.done();
        const { errors } = await editor.judge(await editor.field('connection').inputValue());
        assert.equal(errors.length, 1);
        assert.deepEqual(
          errors.filter((error) => english.has(error) || RAW_KEY.test(error)),
          [],
        );
        await editor.closeDialogs();
        await editor.remove(id);
      });
    });
  }
});

/** Text without the line breaks of its lay-out. */
function flat(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
