import { indexOfName, type ColumnChoice } from './column-choice';
import { looksLikeToken } from './cell-kinds';
import { columnName } from './header-words';

/** A record of the sample. */
export interface SampleRecord {
  line: number;
  cells: string[];
}

/** A header, and how many of its cells are names that are known or chosen. */
export interface Header extends SampleRecord {
  knownNames: number;
}

/** Lines at the top of a CSV among which the header is searched (contract). */
const MAX_HEADER_LINE = 20;

/**
 * Finds the header: among the first 20 lines, and before any claim token, the line that names the token column (or a column
 * that the user chose by name). A title may hold the word too, so the line with the most known names wins, and of equal
 * ones the last.
 */
export function findHeader(
  records: readonly SampleRecord[],
  token: ColumnChoice,
  tags: ColumnChoice,
): Header | undefined {
  let best: Header | undefined;
  for (const { line, cells } of records) {
    if (line > MAX_HEADER_LINE || cells.some(looksLikeToken)) break;
    const chosen = [token, tags].filter(
      (choice) => choice !== undefined && 'name' in choice && holds(cells, choice.name),
    );
    const names = cells.map(columnName).filter((name) => name !== undefined);
    if (chosen.length === 0 && (isName(token) || !names.includes('token'))) continue;
    const knownNames = names.length + cells.length * chosen.length;
    if (best === undefined || knownNames >= best.knownNames) best = { line, cells, knownNames };
  }
  return best;
}

function isName(choice: ColumnChoice): boolean {
  return choice !== undefined && 'name' in choice;
}

function holds(cells: readonly string[], name: string): boolean {
  return indexOfName(cells, name) >= 0;
}
