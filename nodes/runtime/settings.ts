import type { Config } from './inputs';

/** A property that can't be used as it is configured. Its message is a sentence that says what to correct. */
export class InvalidSetting extends RangeError {
  constructor(
    sentence: string,
    readonly property: string,
    /** The unset environment variable that the property names, if that is what is wrong. */
    readonly variable?: string,
  ) {
    super(sentence);
  }
}

/** Reads one property of a node's configuration. @throws {InvalidSetting} when it can't be used */
export type Setting<T> = (value: unknown, name: string) => T;

/** A table of settings that gives values of the type `S`. */
export type Settings<S extends object> = { [K in keyof S]: Setting<S[K]> };

/**
 * Reads the settings of a node. Node-RED puts the value of `${NAME}` in place before, as text, and leaves `${NAME}` as
 * it is when the variable isn't set.
 * @throws {InvalidSetting} with a sentence that names the property
 */
export function readSettings<S extends object>(table: Settings<S>, config: Config): S {
  const values: Partial<S> = {};
  for (const name of Object.keys(table) as (keyof S & string)[]) {
    const value = config[name];
    const variable = unsetVariable(value);
    if (variable !== undefined) {
      throw new InvalidSetting(`the environment variable ${variable} (for ${name}) is not set`, name, variable);
    }
    values[name] = table[name](value, name);
  }
  return values as S;
}

/** The name of the unset environment variable that a value names, `undefined` if it names none. */
export function unsetVariable(value: unknown): string | undefined {
  return typeof value === 'string' ? /^\$\{([^}]+)\}$/.exec(value.trim())?.[1] : undefined;
}

/** Text; an empty one means the default. */
export function text(defaultValue: string): Setting<string> {
  return (value) => (typeof value === 'string' && value.trim() !== '' ? value.trim() : defaultValue);
}

/** A tick box. */
export function flag(defaultValue: boolean): Setting<boolean> {
  return (value) => (value === undefined || value === '' ? defaultValue : value === true || value === 'true');
}

/** One of a list; the first is the default. */
export function choice<T extends string>(first: T, ...others: T[]): Setting<T> {
  const options = [first, ...others];
  return (value, name) => {
    if (value === undefined || value === '') return first;
    const found = options.find((option) => option === value);
    if (found === undefined) throw new InvalidSetting(`${name} must be one of ${options.join(', ')}`, name);
    return found;
  };
}

/** A number within bounds, which may have been typed as text. */
export function number(
  defaultValue: number,
  { min = 0, max = Infinity, whole = false }: { min?: number; max?: number; whole?: boolean } = {},
): Setting<number> {
  return (value, name) => {
    if (value === undefined || value === null || value === '') return defaultValue;
    const read = typeof value === 'string' ? Number(value) : value;
    if (
      typeof read !== 'number' ||
      Number.isNaN(read) ||
      read < min ||
      read > max ||
      (whole && !Number.isInteger(read))
    ) {
      const bounds = max === Infinity ? `of at least ${min}` : `between ${min} and ${max}`;
      throw new InvalidSetting(`${name} must be a ${whole ? 'whole ' : ''}number ${bounds}`, name);
    }
    return read;
  };
}

/** A number, or text for a name; empty text means the default. */
export function numberOrText(defaultValue: number): Setting<number | string> {
  return (value) => {
    if (typeof value !== 'string') return typeof value === 'number' ? value : defaultValue;
    const words = value.trim();
    return /^\d+$/.test(words) ? Number(words) : words || defaultValue;
  };
}
