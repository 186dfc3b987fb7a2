/** Field names and types of a JSON value, without the values: `{ "id": "uuid", "imei?": "digits", "tags": ["list of 2", "text"] }`. */
export type Shape = string | { [name: string]: Shape } | [string, Shape];

/** Deeper structures, such as the state that a device reports, are the user's own. */
const MAX_DEPTH = 5;
/** A field's name, as opposed to a key that is an id, a tag, an address or a file name. */
const FIELD_NAME = /^[A-Za-z](?:[A-Za-z_]|\d(?!\d\d)){0,39}$/;
/** Fields whose value is a word of the service and not the user's. */
const WORD_FIELDS = new Set(['status', 'ownershipStatus', 'endpoint', 'role', 'deviceType', 'code', 'errorCode']);
const WORD = /^[A-Za-z][A-Za-z0-9_]{0,39}$/;
/** Largest number that is taken for an error code; our choice. */
const MAX_CODE = 999_999;

const FORMS: readonly (readonly [string, RegExp])[] = [
  ['empty text', /^$/],
  ['uuid', /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i],
  ['ulid', /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/],
  ['date', /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)$/],
  ['digits', /^\d+$/],
  ['url', /^https?:\/\//],
];

/** What values were seen in one place. */
class Seen {
  readonly #scalars = new Set<string>();
  readonly #fields = new Map<string, Seen>();
  readonly #lengths = new Set<number>();
  #items: Seen | undefined;
  #objects = 0;
  #count = 0;

  add(value: unknown, name: string, depth: number): void {
    this.#count++;
    if (Array.isArray(value)) this.#addItems(value, name, depth);
    else if (typeof value === 'object' && value !== null) this.#addFields(value, depth);
    else this.#scalars.add(scalarOf(value, name));
  }

  get shape(): Shape {
    const alternatives: Shape[] = [...this.#scalars].sort();
    if (this.#items !== undefined) alternatives.push([`list of ${[...this.#lengths].join(' or ')}`, this.#items.shape]);
    if (this.#objects > 0) alternatives.push(this.#fieldShapes());
    const [first = 'nothing', ...others] = alternatives;
    if (others.length === 0) return first;
    return alternatives.every((shape) => typeof shape === 'string')
      ? alternatives.join(' | ')
      : Object.fromEntries(alternatives.map((shape, index) => [`alternative ${index + 1}`, shape]));
  }

  #addItems(items: unknown[], name: string, depth: number): void {
    this.#lengths.add(items.length);
    this.#items ??= new Seen();
    for (const item of items) this.#items.add(item, name, depth + 1);
  }

  #addFields(object: object, depth: number): void {
    if (depth >= MAX_DEPTH) {
      this.#scalars.add('object');
      return;
    }
    this.#objects++;
    for (const [key, value] of Object.entries(object)) {
      const name = FIELD_NAME.test(key) ? key : '<key>';
      const field = this.#fields.get(name) ?? new Seen();
      this.#fields.set(name, field);
      field.add(value, name, depth + 1);
    }
  }

  #fieldShapes(): Shape {
    return Object.fromEntries(
      [...this.#fields].map(([name, seen]) => [seen.#count < this.#objects ? `${name}?` : name, seen.shape]),
    );
  }
}

/**
 * The shape of a JSON value. Values are left out, except words of the service such as `"READY"` in the fields that have
 * them; keys that are no field names are written `<key>`, fields that some items of a list lack with a `?`.
 */
export function shapeOf(value: unknown): Shape {
  const seen = new Seen();
  seen.add(value, '', 0);
  return seen.shape;
}

function scalarOf(value: unknown, name: string): string {
  if (value === null) return 'null';
  const isWordField = WORD_FIELDS.has(name);
  if (typeof value === 'number') {
    const type = Number.isInteger(value) ? 'integer' : 'number';
    return isWordField && Math.abs(value) <= MAX_CODE ? `${type} ${value}` : type;
  }
  if (typeof value !== 'string') return typeof value;
  const form = FORMS.find(([, pattern]) => pattern.test(value))?.[0];
  return form ?? (isWordField && WORD.test(value) ? `text ${JSON.stringify(value)}` : 'text');
}
