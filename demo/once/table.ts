/** Titles and widths in characters of the table's columns; the last column has no fixed width. */
const COLUMNS = [
  ['ok', 4],
  ['channel', 7],
  ['input', 18],
  ['expected', 26],
  ['result', 0],
] as const;

/** The first two lines of the table. */
export function tableHead(): string {
  const titles = COLUMNS.map(([title]) => title);
  return `${tableRow(titles)}\n${tableRow(COLUMNS.map(([title, width]) => '-'.repeat(width || title.length)))}`;
}

/** One line of the table. */
export function tableRow(cells: readonly string[]): string {
  return cells
    .map((cell, column) => cell.padEnd(COLUMNS[column]![1]))
    .join('  ')
    .trimEnd();
}
