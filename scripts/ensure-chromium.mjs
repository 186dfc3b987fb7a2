// Prints the path of the Chromium that the editor tests drive. Where there is none, or on Linux no font as wide as the Arial
// that Node-RED's dialogs are drawn in (others are wider, and break their labels), installs them if this is root on a
// Debian-like system, else says which command to run and fails.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, isAbsolute, join } from 'node:path';

const NAMED_BY = ['CHROMIUM_PATH', 'PUPPETEER_EXECUTABLE_PATH'];
/** The headless shell is first: the others draw tabs and toolbars for each page too, which takes a third of the time. */
const NAMES = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const INSTALL = [
  ['apt-get', 'update'],
  ['apt-get', 'install', '-y', '--no-install-recommends', 'chromium-headless-shell', 'fonts-liberation'],
];
const FONT_FOLDERS = [
  '/usr/share/fonts',
  '/usr/local/share/fonts',
  join(homedir(), '.fonts'),
  join(homedir(), '.local/share/fonts'),
];
/** Arial, and fonts of the same widths. */
const FONT = /^(arial|arimo|helvetica|liberationsans|nimbussans)/i;
const INSTALL_AS_TEXT = INSTALL.map((words) => words.join(' ')).join(' && ');

/** Whether a file can be run. */
function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The first program of these names in the folders of PATH. */
function find(names) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(isAbsolute);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
}

function hasFont() {
  if (process.platform !== 'linux') return true;
  const files = FONT_FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) =>
    readdirSync(folder, { recursive: true }),
  );
  return files.some((file) => FONT.test(basename(file)));
}

/** Ends with one line that says what is wrong and what to run. */
function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}

/** The Chromium that an environment variable names; a wrong path is told rather than passed over. */
function named() {
  const variable = NAMED_BY.find((name) => process.env[name]);
  if (variable === undefined) return undefined;
  const path = process.env[variable];
  if (!isProgram(path)) fail(`${variable} names no program that can be run: ${path}`);
  return path;
}

function install() {
  if (process.platform !== 'linux' || process.getuid() !== 0 || find(['apt-get']) === undefined) {
    fail(
      `The editor tests need Chromium and a font like Arial. Install them (Debian: sudo sh -c "${INSTALL_AS_TEXT}") or set ${NAMED_BY[0]}.`,
    );
  }
  console.error(`No Chromium, or no font like Arial here; running ${INSTALL_AS_TEXT}`);
  for (const [program, ...args] of INSTALL) {
    // apt talks a lot, so only what it complains about is shown; stdout is for the path alone.
    const { status, stderr, error } = spawnSync(program, args, {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    });
    if (status !== 0) fail(`${[program, ...args].join(' ')} failed: ${(error?.message ?? stderr).trim()}`);
  }
}

const found = named() ?? find(NAMES);
if (found === undefined || !hasFont()) install();
const path = found ?? find(NAMES);
if (path === undefined) fail(`apt-get installed no Chromium; set ${NAMED_BY[0]} to one.`);
console.log(path);
