import axe from 'axe-core';
import type { Locator } from 'playwright-core';

/**
 * What an accessibility checker finds serious or critical in an element.
 * @param exclude a selector of what is in it, and not ours
 */
export async function accessibilityViolations(within: Locator, exclude: string): Promise<string[]> {
  await within.page().evaluate(axe.source);
  return within.evaluate(async (element, selector) => {
    const context = { include: [element], exclude: [[selector]] };
    const { violations } = await (globalThis as any).axe.run(context, { resultTypes: ['violations'] });
    return violations
      .filter(({ impact }: any) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }: any) =>
        nodes.map(({ html, failureSummary }: any) => `${id}: ${html}\n${failureSummary}`),
      ) as string[];
  }, exclude);
}
