import { DEVICE_API_OPERATIONS } from '../wire/operations';
import { checkRule, type FaultHost, type FaultMatch, type FaultRule } from './rule';

const DEVICE_API_NAMES: ReadonlySet<string> = new Set(DEVICE_API_OPERATIONS);

/** What a request looks like to the faults. */
export interface Target {
  host: FaultHost;
  method: string;
  /** Path and query. */
  url: string;
  operation?: string;
}

/** A rule that was added. */
export interface Fault {
  readonly rule: FaultRule;
  /** How many requests matched, and to how many of them the fault was applied. */
  readonly seen: number;
  readonly struck: number;
  remove(): void;
}

interface Entry {
  rule: FaultRule;
  seen: number;
  struck: number;
}

/** The list of faults. The first that matches and is not used up is applied. */
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

  /** The rule to apply to this request, if any. Counts. */
  select(target: Target): FaultRule | undefined {
    let selected: Entry | undefined;
    for (const entry of this.entries) {
      if (!matches(entry.rule.match ?? {}, target)) continue;
      entry.seen++;
      if (!selected && this.isDue(entry)) selected = entry;
    }
    if (selected) selected.struck++;
    return selected?.rule;
  }

  private isDue({ rule, seen, struck }: Entry): boolean {
    const { nth, chance } = rule.match ?? {};
    const times = rule.times ?? (nth === undefined ? Infinity : 1);
    if (struck >= times || seen < (nth ?? 1)) return false;
    return chance === undefined || this.random() < chance;
  }
}

/** A match that names an operation of device management is about that host without saying so. */
function hostOf({ host, operation }: FaultMatch): FaultHost {
  return host ?? (operation !== undefined && DEVICE_API_NAMES.has(operation) ? 'deviceApi' : 'api');
}

function matches(match: FaultMatch, target: Target): boolean {
  return (
    hostOf(match) === target.host &&
    (match.method === undefined || match.method.toUpperCase() === target.method) &&
    (match.operation === undefined || match.operation === target.operation) &&
    (match.path === undefined || matchesPath(match.path, target.url))
  );
}

function matchesPath(path: string | RegExp, url: string): boolean {
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
