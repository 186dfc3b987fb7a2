/** Shorter beginnings of a key at the end of a truncated text are left: they give nothing away. */
const MIN_BEGINNING = 4;
/** Maximum backslashes before an escaped character: JSON within JSON doubles them. */
const MAX_BACKSLASHES = 4;

/**
 * Takes the API key out of what a service responds: a service that echoes the request must not carry the key into a
 * message. It is found as it is, and escaped as JSON may escape it.
 */
export class Redactor {
  readonly #pattern: RegExp;

  constructor(private readonly key: string) {
    this.#pattern = new RegExp(Array.from(key, patternOf).join(''), 'g');
  }

  /** Text without the key. @param truncated the text may end in the middle of it */
  text(text: string, truncated = false): string {
    const rest = this.#mayHold(text) ? text.replace(this.#pattern, '…') : text;
    return truncated ? withoutBeginning(rest, this.key) : rest;
  }

  /**
   * A parsed body without the key in any of its strings or names, changed in place.
   * @param text what it was parsed from: hardly any holds the key, and to search it is cheaper than to walk the body
   */
  json(body: unknown, text: string): unknown {
    return this.#mayHold(text) ? this.#without(body) : body;
  }

  #mayHold(text: string): boolean {
    return text.includes(this.key) || text.includes('\\');
  }

  /** Recursion is safe: a body that is nested too deep was refused when it was parsed. */
  #without(value: unknown): unknown {
    if (typeof value === 'string') return value.replace(this.#pattern, '…');
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) value[index] = this.#without(item);
      return value;
    }
    if (typeof value !== 'object' || value === null) return value;
    const object = value as Record<string, unknown>;
    for (const [name, item] of Object.entries(object)) {
      const safeName = name.replace(this.#pattern, '…');
      const value = this.#without(item);
      if (safeName === name && value === item) continue;
      if (safeName !== name) Reflect.deleteProperty(object, name);
      // An assignment to __proto__ would change the prototype.
      Object.defineProperty(object, safeName, { value, configurable: true, enumerable: true, writable: true });
    }
    return object;
  }
}

/** One character of the key: as it is, or escaped as `\/` or `\u002f`, also in JSON within JSON. */
function patternOf(character: string): string {
  const literal = character.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  const hex = character.charCodeAt(0).toString(16).padStart(4, '0');
  const anyCase = hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
  return `(?:\\\\{0,${MAX_BACKSLASHES}}${literal}|\\\\{1,${MAX_BACKSLASHES}}u${anyCase})`;
}

function withoutBeginning(text: string, key: string): string {
  for (let length = key.length - 1; length >= MIN_BEGINNING; length--) {
    if (text.endsWith(key.slice(0, length))) return `${text.slice(0, -length)}…`;
  }
  return text;
}
