/** Columns of the table that the demo prints: titles and widths in characters; the last one is as wide as it wants. */
const COLUMNS = [
  ['ok', 4],
  ['channel', 4],
  ['sent', 18],
  ['expected', 26],
  ['came back', 0],
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
