import { InvalidValue } from '../util/invalid-value';
import { sanitize } from '../util/sanitize';
import { describeType, isObject } from '../util/json';

/**
 * Reads query parameters as people give them: text `a=b&c=d` (a leading `?` may stand), or an object whose values are
 * text, numbers, true or false, or arrays of these (the parameter is then repeated). What is missing or null is left out.
 * @throws {InvalidValue} with the predicate of a sentence, e.g. `is a number; …`
 */
export function parseQuery(query: unknown): URLSearchParams {
  if (query === undefined || query === null) return new URLSearchParams();
  if (typeof query === 'string') return new URLSearchParams(query.trim());
  // A Date, a Map or bytes would be read as no parameters, or as nonsense.
  if (!isObject(query) || Object.prototype.toString.call(query) !== '[object Object]') {
    throw new InvalidValue(
      `is ${isObject(query) ? 'an object of another kind' : describeType(query)}; give query parameters as text a=b&c=d or as an object`,
    );
  }
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (one === undefined || one === null) continue;
      if (!isPlain(one)) {
        throw new InvalidValue(`has ${describeType(one)} as "${sanitize(name)}"; give text, a number, true or false`);
      }
      parameters.append(name, String(one));
    }
  }
  return parameters;
}

function isPlain(value: unknown): value is string | number | boolean {
  return (
    typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))
  );
}
