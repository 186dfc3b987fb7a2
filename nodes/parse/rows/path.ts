import { InvalidValue } from '../../util/invalid-value';
import { describeType } from '../../util/json';
import { bytesOf } from '../bytes';
import { looksLikeToken } from './cell-kinds';

/** Longest text that is taken for a path. */
const MAX_PATH_LENGTH = 4096;
const QUOTED = /^(["'])(.*)\1$/s;

/**
 * Cleans the path of a file: white space and quotes around it go, as after copying it from a file manager or a shell.
 * @throws {InvalidValue} for a value that is not a path, and for forms that only a shell or a browser understands
 */
export function cleanPath(value: unknown): string {
  if (Array.isArray(value) || bytesOf(value) !== undefined) {
    throw new InvalidValue('is content and not the path of a file; choose "content" as the input of the node');
  }
  if (typeof value !== 'string') {
    const what = value === undefined || value === null ? 'missing' : describeType(value);
    throw new InvalidValue(`is ${what}; enter the path of a CSV file`);
  }
  const text = value.trim();
  const path = QUOTED.exec(text)?.[2]?.trim() ?? text;
  if (path === '') throw new InvalidValue('is empty; enter the path of a CSV file');
  const lines = path.split(/[\r\n]+/);
  if (lines.length > 1 || path.split(/[,;\t]/).some(looksLikeToken)) {
    throw new InvalidValue('is CSV text and not the path of a file; choose "content" as the input of the node');
  }
  if (/^file:/i.test(path)) throw new InvalidValue('is a file:// URL; enter the path alone');
  if (/^[a-z][a-z\d+.-]+:\/\//i.test(path)) {
    throw new InvalidValue('is a URL; fetch it with an http request node, and enter the content');
  }
  if (/^~/.test(path)) throw new InvalidValue('begins with ~, which only a shell replaces; enter the full path');
  return path;
}

/** Whether a text without claim tokens is the path of a file. */
export function looksLikePath(text: string): boolean {
  const path = text.trim().replace(QUOTED, '$2');
  if (path.length > MAX_PATH_LENGTH || /[\r\n]/.test(path)) return false;
  return /^(?:~?[\\/]|\.{1,2}[\\/]|[a-z]:[\\/]|file:)/i.test(path) || /^[^,;]*\.(?:csv|txt|tsv|xlsx?|log)$/i.test(path);
}
