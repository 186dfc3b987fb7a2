import type { Cell } from './cell';
import { allCells, nameOf } from './cells';
import { runMatrix } from './matrix';

/** `npm run stress:faults [part of a cell's name]`: runs the matrix and prints how much of it held. */
async function main(part: string | undefined): Promise<void> {
  const cells = allCells().filter((cell) => part === undefined || nameOf(cell).includes(part));
  const started = Date.now();
  const report = await runMatrix(cells, (done) => {
    process.stderr.write(`${done} of ${cells.length} cells, ${((Date.now() - started) / 1000).toFixed(0)} s\n`);
  });
  const failed = new Set(report.failures.map(({ cell }) => cell.id));
  const nodes = [...new Set(cells.map(({ operation }) => operation.node))];
  const line = (name: string, group: readonly Cell[]): string => {
    const passed = group.filter(({ id }) => !failed.has(id)).length;
    const operations = new Set(group.map(({ operation, version }) => `${operation.name} ${version}`)).size;
    const faults = new Set(group.map(({ fault, when }) => `${fault.name} ${when}`)).size;
    return [
      name.padEnd(22),
      ...[operations, faults, group.length, passed].map((count) => String(count).padStart(10)),
    ].join('');
  };
  console.log(
    `${'node'.padEnd(22)}${['operations', 'faults', 'cells', 'passed'].map((head) => head.padStart(10)).join('')}`,
  );
  for (const node of nodes)
    console.log(
      line(
        node,
        cells.filter(({ operation }) => operation.node === node),
      ),
    );
  console.log(line('all', cells));
  for (const { cell, problems } of report.failures) console.log(`FAILED ${nameOf(cell)}: ${problems.join('; ')}`);
  for (const problem of report.problems) console.log(`FAILED ${problem}`);
  const { heapUsed, rss } = process.memoryUsage();
  const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
  console.log(
    `${((Date.now() - started) / 1000).toFixed(1)} s, resident ${mib(rss)}, heap ${mib(heapUsed)}, at most ${mib(process.resourceUsage().maxRSS * 1024)} resident`,
  );
  process.exitCode = report.failures.length + report.problems.length === 0 ? 0 : 1;
}

void main(process.argv[2]);
