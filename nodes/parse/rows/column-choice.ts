/** How the user says which column to use: by its number (from 0 here), by its name in the header, or not at all. */
export type ColumnChoice = { index: number } | { name: string } | undefined;

/** Reads a column as the user gives it: a number from 1, a numeric text, or a name; 0 or empty = not chosen. */
export function readColumnChoice(column: number | string): ColumnChoice {
  const text = String(column).trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) === 0 ? undefined : { index: Number(text) - 1 };
  return text === '' ? undefined : { name: text };
}

/** Finds a name among the cells of a header or the keys of an object; case and white space do not matter. */
export function indexOfName(cells: readonly string[], name: string): number {
  const wanted = normalise(name);
  return cells.findIndex((cell) => normalise(cell) === wanted);
}

function normalise(name: string): string {
  return name.normalize('NFC').replace(/\s+/g, ' ').trim().toLowerCase();
}
