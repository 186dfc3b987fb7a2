import { CHOICES, DEFAULT_SETTINGS, type Settings, type SettingsChange } from './settings';

/**
 * Lays a change over settings.
 * @returns new settings; the given ones stay as they are
 * @throws TypeError naming the setting that does not exist or whose value cannot be used
 */
export function changeSettings(settings: Readonly<Settings>, change: SettingsChange): Settings {
  const { refusals, endStatuses, ...rest } = change;
  for (const [name, value] of Object.entries(rest)) checkSetting(name, value);
  for (const [name, value] of Object.entries(refusals ?? {})) {
    if (!(name in settings.refusals)) throw new TypeError(`The simulator has no refusal "${name}".`);
    if (!isStatus(value)) throw new TypeError(`The status of the refusal "${name}" is not an HTTP status.`);
  }
  for (const [name, value] of Object.entries(endStatuses ?? {})) {
    if (!(name in settings.endStatuses)) throw new TypeError(`The simulator has no end status "${name}".`);
    if (typeof value !== 'string' || value === '') throw new TypeError(`The end status "${name}" is not a text.`);
  }
  return {
    ...settings,
    ...rest,
    refusals: { ...settings.refusals, ...refusals },
    endStatuses: { ...settings.endStatuses, ...endStatuses },
  };
}

/** Whether a name is one of the settings. */
function isSetting(name: string): name is keyof Settings {
  return Object.hasOwn(DEFAULT_SETTINGS, name);
}

function checkSetting(name: string, value: unknown): void {
  if (!isSetting(name)) throw new TypeError(`The simulator has no setting "${name}".`);
  if (name === 'latency' ? !isLatency(value) : !isLike(DEFAULT_SETTINGS[name], value)) {
    throw new TypeError(`The setting "${name}" cannot be ${JSON.stringify(value)}.`);
  }
  if (name.endsWith('Status') && !isStatus(value)) throw new TypeError(`The setting "${name}" is not an HTTP status.`);
  const choices = CHOICES[name] as readonly unknown[] | undefined;
  if (choices && !choices.includes(value)) {
    throw new TypeError(`The setting "${name}" is one of ${choices.join(', ')}.`);
  }
}

function isLike(model: unknown, value: unknown): boolean {
  if (Array.isArray(model)) return Array.isArray(value) && value.every((item) => typeof item === 'string');
  if (typeof model === 'number') return typeof value === 'number' && value >= 0;
  if (typeof model === 'object') return isRecord(value);
  return typeof value === typeof model;
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isLatency(value: unknown): boolean {
  if (typeof value === 'number') return value >= 0;
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [least, most] = value as unknown[];
  return typeof least === 'number' && typeof most === 'number' && least >= 0 && most >= least;
}

function isStatus(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 200 && value <= 599;
}
