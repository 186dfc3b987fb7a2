import type { Api } from '../api/api';
import { hasCode, isClosed, NrfCloudError, withEarlierDoubt, withMayHaveSucceeded } from '../api/errors';
import type { ApiResponse } from '../api/request';
import { createRule, listRules, stateOfRule, tagsOfRule, type Rule, type RuleDefinition } from '../api/rules';
import { ensureTag } from '../api/tags';
import { KeyedQueue } from '../util/keyed-queue';
import { sanitize } from '../util/sanitize';

/** The rule that onboards devices with a tag. */
export interface OnboardingRule {
  tag: string;
  /** Unique in the team. */
  name: string;
  secTag: number;
  /** PEM. */
  certificates: string;
}

/** A rule, and whether it was there before. */
export interface EnsuredRule extends ApiResponse {
  existed: boolean;
  /** Sentences about the rule that is there. */
  warnings: string[];
}

/** One for the whole process: flows with different connections to one team must not create two rules. */
const QUEUE = new KeyedQueue();

/**
 * Returns the rule that carries the tag, or creates the tag and the rule. Never changes or deletes a rule.
 * @param onCreate called before a rule is created, as an active one can never be edited (Nordic's documentation)
 * @throws {NrfCloudError} every failure; `NRFCLOUD_CONFLICT` if a rule of this name lacks the tag; `cause.mayHaveSucceeded`
 *   if the rule may have been created all the same
 */
export async function ensureRule(api: Api, rule: OnboardingRule, onCreate: () => void): Promise<EnsuredRule> {
  const work = async (): Promise<EnsuredRule> => {
    const existing = await findRule(api, rule);
    if (existing !== undefined) return describeExisting(existing, rule);
    onCreate();
    await ensureTag(api, { tag: rule.tag });
    return create(api, rule);
  };
  return api.inOrder('create rule', `${api.origin} ${rule.tag}`, work, undefined, QUEUE);
}

/**
 * Creates the rule. After a lost response it is created again only if the list of rules can be read and does not show it:
 * the name is unique in the team (Nordic's documentation), so a rule that shows late makes the service refuse a second one.
 */
async function create(api: Api, rule: OnboardingRule): Promise<EnsuredRule> {
  let lost: NrfCloudError | undefined;
  for (let creations = 1; ; creations++) {
    try {
      return await createOnce(api, rule, lost !== undefined);
    } catch (error) {
      // Of all refusals only 408 leaves a doubt.
      const isLost = hasCode(
        error,
        'NRFCLOUD_UNAVAILABLE',
        'NRFCLOUD_TIMEOUT',
        'NRFCLOUD_BAD_RESPONSE',
        'NRFCLOUD_REJECTED',
      );
      if (!isLost || !error.mayHaveSucceeded) throw lost === undefined ? error : withEarlierDoubt(error, lost);
      lost = error;
      const found = await lookUpLost(api, rule, error);
      if (found !== undefined) return newRule(found);
      if (creations > api.retries || hasCode(error, 'NRFCLOUD_BAD_RESPONSE')) throw error;
    }
  }
}

/** @param mayBeOwn an earlier creation may have taken effect, so that a rule which is there already is the one it made */
async function createOnce(api: Api, rule: OnboardingRule, mayBeOwn: boolean): Promise<EnsuredRule> {
  try {
    const { statusCode, body } = await createRule(api, definitionOf(rule));
    return newRule({
      statusCode,
      body: body ?? (await readCreated(api, rule)) ?? { name: rule.name, tags: [rule.tag] },
    });
  } catch (error) {
    if (!(error instanceof NrfCloudError) || !isRefusedAsExisting(error)) throw error;
    const found = await findRule(api, rule);
    if (found === undefined) throw nameTaken(error, rule);
    return mayBeOwn ? newRule(found) : describeExisting(found, rule);
  }
}

function newRule({ statusCode, body }: ApiResponse<Rule>): EnsuredRule {
  return { statusCode, body, existed: false, warnings: stateWarnings(body, true) };
}

/** The rule as the list shows it: a response without a body is a success, whether or not the list can be read. */
async function readCreated(api: Api, rule: OnboardingRule): Promise<Rule | undefined> {
  try {
    return (await findRule(api, rule))?.body;
  } catch (failure) {
    if (!(failure instanceof NrfCloudError)) throw failure;
    if (isClosed(failure)) throw withMayHaveSucceeded(failure);
    return undefined;
  }
}

/** Looks whether a rule was created although no usable response came. @throws {NrfCloudError} the error if that is unclear */
async function lookUpLost(
  api: Api,
  rule: OnboardingRule,
  error: NrfCloudError,
): Promise<ApiResponse<Rule> | undefined> {
  try {
    return await api.repeatLookUp('create rule', () => findRule(api, rule));
  } catch (failure) {
    throw isClosed(failure) ? withEarlierDoubt(failure, error) : error;
  }
}

/** The rule that carries the tag; if there are several, the one with the wanted name. */
async function findRule(api: Api, { tag, name }: OnboardingRule): Promise<ApiResponse<Rule> | undefined> {
  const { statusCode, body } = await listRules(api);
  const rules = body.filter((rule) => tagsOfRule(rule).includes(tag));
  const found = rules.find((rule) => rule['name'] === name) ?? rules[0];
  return found === undefined ? undefined : { statusCode, body: found };
}

function describeExisting({ statusCode, body }: ApiResponse<Rule>, { tag, name }: OnboardingRule): EnsuredRule {
  const warnings = stateWarnings(body, false);
  const actual = body['name'];
  if (typeof actual === 'string' && actual !== name) {
    warnings.unshift(
      `the rule that carries the tag ${sanitize(tag)} has another name (${sanitize(actual)}); it was left as it is`,
    );
  }
  return { statusCode, body, existed: true, warnings };
}

/** What to say about a rule that may not be in force. */
function stateWarnings(rule: Rule, isNew: boolean): string[] {
  const state = stateOfRule(rule);
  if (state === 'draft')
    return ['the rule is not active, so devices get nothing from it; activate it in the nRF Cloud portal'];
  if (state === 'active' || isNew) return [];
  return ['the service does not show whether the rule is active; look in the nRF Cloud portal'];
}

/** Which status the service gives to a rule whose name exists is not known. */
function isRefusedAsExisting(error: NrfCloudError): boolean {
  if (hasCode(error, 'NRFCLOUD_CONFLICT')) return true;
  return hasCode(error, 'NRFCLOUD_REJECTED') && /exist|already|duplicate|unique|in use/i.test(error.message);
}

function nameTaken({ cause }: NrfCloudError, { tag, name }: OnboardingRule): NrfCloudError {
  const message =
    `create rule: a rule with the name ${sanitize(name)} seems to exist, but no rule in the list carries the tag ${sanitize(tag)}; ` +
    'choose another name, or, as long as the rule is a draft, add the tag to it in the nRF Cloud portal';
  return new NrfCloudError('NRFCLOUD_CONFLICT', message, cause);
}

/** The rule that Nordic's tools create. */
function definitionOf({ tag, name, secTag, certificates }: OnboardingRule): RuleDefinition {
  return {
    name,
    description: 'Onboarding rule for nRF Cloud',
    active: true,
    commands: [
      { request: { clientPrivateKeyGeneration: { secTag } } },
      { request: { cloudAccessKeyGeneration: { secTag } } },
      { request: { serverCertificate: { secTag, content: certificates } } },
    ],
    tags: [tag],
  };
}
