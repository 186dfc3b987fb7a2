import { InvalidValue } from '../util/invalid-value';
import { sanitize } from '../util/sanitize';
import { describeType, isObject } from '../util/json';

/**
 * Reads query parameters: text `a=b&c=d`, with or without a leading `?`, or an object whose values are text, numbers,
 * booleans, or arrays of these (the parameter is then repeated). Missing values and `null` are left out.
 * @throws {InvalidValue} for another value
 */
export function parseQuery(query: unknown): URLSearchParams {
  if (query === undefined || query === null) return new URLSearchParams();
  if (typeof query === 'string') return new URLSearchParams(query.trim());
  // A Date, a Map or bytes would be read as no parameters, or as nonsense.
  if (!isObject(query) || Object.prototype.toString.call(query) !== '[object Object]') {
    throw new InvalidValue(
      `is ${isObject(query) ? 'an object of another kind' : describeType(query)}; enter query parameters as text a=b&c=d or as an object`,
    );
  }
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (one === undefined || one === null) continue;
      if (!isPlain(one)) {
        throw new InvalidValue(`has ${describeType(one)} as "${sanitize(name)}"; enter text, a number, true or false`);
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
