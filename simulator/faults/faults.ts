import { checkRule, type FaultMatch, type FaultRule } from './rule';

/** What a request looks like to the faults. */
export interface Target {
  host: 'api' | 'summary';
  method: string;
  /** Path and query. */
  url: string;
  operation?: string;
}

/** A rule that was added. */
export interface Fault {
  readonly rule: FaultRule;
  /** How many requests have fitted it, and how many of them it struck. */
  readonly seen: number;
  readonly struck: number;
  remove(): void;
}

interface Entry {
  rule: FaultRule;
  seen: number;
  struck: number;
}

/** The list of faults. The first that fits and is not used up strikes. */
export class Faults {
  private entries: Entry[] = [];

  constructor(private readonly random: () => number) {}

  /**
   * Adds a rule at the end of the list.
   * @throws TypeError for a field that does not exist
   */
  add(rule: FaultRule): Fault {
    checkRule(rule);
    const entry: Entry = { rule, seen: 0, struck: 0 };
    this.entries.push(entry);
    return {
      rule,
      get seen() {
        return entry.seen;
      },
      get struck() {
        return entry.struck;
      },
      remove: () => {
        this.entries = this.entries.filter((one) => one !== entry);
      },
    };
  }

  clear(): void {
    this.entries = [];
  }

  /** The rule that strikes this request, if any. Counts. */
  strike(target: Target): FaultRule | undefined {
    let striking: Entry | undefined;
    for (const entry of this.entries) {
      if (!fits(entry.rule.match ?? {}, target)) continue;
      entry.seen++;
      if (!striking && this.isDue(entry)) striking = entry;
    }
    if (striking) striking.struck++;
    return striking?.rule;
  }

  private isDue({ rule, seen, struck }: Entry): boolean {
    const { nth, chance } = rule.match ?? {};
    const times = rule.times ?? (nth === undefined ? Infinity : 1);
    if (struck >= times || seen < (nth ?? 1)) return false;
    return chance === undefined || this.random() < chance;
  }
}

function fits(match: FaultMatch, target: Target): boolean {
  return (
    (match.host ?? 'api') === target.host &&
    (match.method === undefined || match.method.toUpperCase() === target.method) &&
    (match.operation === undefined || match.operation === target.operation) &&
    (match.path === undefined || fitsPath(match.path, target.url))
  );
}

function fitsPath(path: string | RegExp, url: string): boolean {
  // A RegExp with the flag g or y would remember where it stopped.
  if (path instanceof RegExp) return new RegExp(path.source, path.flags.replace(/[gy]/g, '')).test(url);
  const plain = url.replace(/\?.*$/s, '').replace(/^\/v1(?=\/)/, '');
  const pattern = path
    .replace(/^\/v1(?=\/)/, '')
    .split('*')
    .map(escapeRegExp)
    .join('.*');
  return new RegExp(`^${pattern}$`, 's').test(plain);
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
