import { derive } from '../identity/seeded';
import { formatUuid } from '../identity/uuid';
import type { Settings } from '../settings';
import { checkCommand, type CheckedCommand } from './check-command';
import type { Device } from './devices';
import { OrderedMap, type Entry, type Page } from './ordered-map';
import { Refusal } from './refusal';
import type { Tag, Tags } from './tags';

/** A provisioning rule. */
export interface Rule extends Entry {
  readonly name: string;
  readonly description: string;
  /** A rule that is not active is a draft: it applies to no device. */
  readonly active: boolean;
  readonly commands: readonly CheckedCommand[];
  readonly tags: readonly Tag[];
}

/** The provisioning rules of the team. */
export class Rules {
  private readonly rules = new OrderedMap<Rule>();
  private readonly names = new Set<string>();

  constructor(
    private readonly seed: string,
    private readonly tags: Tags,
    private readonly settings: () => Readonly<Settings>,
  ) {}

  /**
   * Creates a rule.
   * @throws Refusal for a name that exists, an undefined tag or anything that cannot be used
   */
  create(body: Readonly<Record<string, unknown>>): Rule {
    const { ruleDuplicateStatus, ruleInvalidStatus, ruleUndefinedTags, commandCheck } = this.settings();
    const { name, description = '', active = false, commands, tags } = body;
    const refuse = (message: string): never => {
      throw new Refusal(ruleInvalidStatus, message);
    };
    if (typeof name !== 'string' || name.trim() === '') return refuse('The name of a rule is missing.');
    if (typeof description !== 'string') return refuse('The description of a rule is not a text.');
    if (typeof active !== 'boolean') return refuse('active is neither true nor false.');
    if (!Array.isArray(commands) || commands.length === 0) return refuse('A rule needs commands.');
    if (!Array.isArray(tags) || tags.length === 0) return refuse('A rule needs tags.');
    if (this.names.has(name)) throw new Refusal(ruleDuplicateStatus, 'A rule with this name exists already.');
    const checked = (commands as unknown[]).map((one) => checkCommand(one, commandCheck, ruleInvalidStatus));
    const names = this.checkTags(tags, ruleUndefinedTags, ruleInvalidStatus);
    return this.add(name, { description, active, commands: checked, tags: this.tags.resolve(names) });
  }

  all(): Rule[] {
    return [...this.rules.all()];
  }

  page(after: number, limit: number): Page<Rule> {
    return this.rules.page(after, limit);
  }

  /** The active rules that apply to a device now, oldest first. */
  matching(device: Device): Rule[] {
    if (this.rules.size === 0) return [];
    const own = new Set(device.tags.filter((tag) => !tag.deleted));
    const matching = this.all().filter((rule) => rule.active && rule.tags.some((tag) => own.has(tag)));
    const { ruleMatch } = this.settings();
    if (ruleMatch === 'all') return matching;
    return ruleMatch === 'oldest' ? matching.slice(0, 1) : matching.slice(-1);
  }

  private checkTags(tags: unknown, undefinedTags: 'create' | 'refuse', status: number): string[] {
    try {
      return this.tags.check(tags, undefinedTags);
    } catch (error) {
      throw error instanceof Refusal ? new Refusal(status, error.message) : error;
    }
  }

  private add(name: string, rest: Pick<Rule, 'description' | 'active' | 'commands' | 'tags'>): Rule {
    this.names.add(name);
    return this.rules.add((sequence) => ({
      id: formatUuid(derive(this.seed, 'rule', String(sequence))),
      name,
      ...rest,
      sequence,
      removed: false,
    }));
  }
}
