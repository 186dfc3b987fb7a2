import { InvalidValue } from '../util/invalid-value';
import { isObject } from '../util/json';
import type { Api } from './api';
import { readPages } from './pagination';
import { objectBody } from './parse-response';
import type { ApiResponse } from './request';

/** A provisioning rule: the service's JSON as received. Only `tags` is known for certain (Nordic's tools). */
export type Rule = Record<string, unknown>;

/** A provisioning rule as it is created (Nordic's tools). Once active it can never be edited. */
export interface RuleDefinition {
  /** Unique in the team. */
  name: string;
  description?: string;
  /** True puts the rule in force at once. */
  active: boolean;
  commands: { request: Record<string, unknown> }[];
  /** Devices that carry one of these tags get the commands. */
  tags: string[];
}

/**
 * Lists all provisioning rules, from `{ items }`, a bare array, or an empty body.
 * @throws {NrfCloudError} every failure
 */
export async function listRules(api: Api, { sendOnce = false } = {}): Promise<ApiResponse<Rule[]>> {
  const rules: Rule[] = [];
  let lastStatus = 0;
  for await (const { items, statusCode } of readPages(api, 'list rules', { mayBeEmpty: true, sendOnce })) {
    lastStatus = statusCode;
    for (const item of items) if (isObject(item)) rules.push(item);
  }
  return { statusCode: lastStatus, body: rules };
}

/** The tags of a rule, empty if it shows none. */
export function tagsOfRule(rule: Rule): string[] {
  const tags = rule['tags'];
  return Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [];
}

/**
 * Whether a rule is in force, by `status` or `active` (both inferred).
 * @returns `undefined` if the service does not show it
 */
export function stateOfRule(rule: Rule): 'active' | 'draft' | undefined {
  const { active, status } = rule;
  if (typeof active === 'boolean') return active ? 'active' : 'draft';
  if (typeof status !== 'string') return undefined;
  const word = status.toUpperCase();
  if (word === 'ACTIVE') return 'active';
  return word === 'DRAFT' || word === 'INACTIVE' ? 'draft' : undefined;
}

/**
 * Creates a provisioning rule. After a lost response it is not repeated here: the list of rules says whether it was created.
 * @returns the service's JSON, `undefined` if it is empty
 * @throws {NrfCloudError} every failure; `NRFCLOUD_CONFLICT` if there is a rule of this name; `cause.mayHaveSucceeded` if
 *   the rule may have been created all the same
 */
export function createRule(api: Api, definition: RuleDefinition): Promise<ApiResponse<Rule | undefined>> {
  return api.send('create rule', {
    json: definition,
    parse: (body) => parseCreated(body, definition),
    repeatAfterLoss: 'never',
  });
}

/** @throws {InvalidValue} if a body is neither empty nor about the created rule */
function parseCreated(body: unknown, { name }: RuleDefinition): Rule | undefined {
  if (body === undefined) return undefined;
  const rule = objectBody(body, 'a rule');
  if (rule['name'] === name || (rule['name'] === undefined && rule['id'] !== undefined)) return rule;
  throw new InvalidValue('is not about the created rule');
}
