import type { Api } from '../api/api';
import { invalidInput } from '../api/errors';
import { listRules, tagsOfRule } from '../api/rules';
import { withSource } from '../api/with-source';
import { parseCertificates } from '../parse/certificates';
import { parseTagName } from '../parse/tag-name';
import { InvalidValue } from '../util/invalid-value';
import { describeType } from '../util/json';
import { ensureRule, type OnboardingRule } from './ensure-rule';
import { firmwareBufferWarning } from './firmware-buffers';
import type { OperationResult } from './operation-table';
import { amazonRootCertificate, coapRootCertificate } from './root-certificates';

/** Which root certificates a rule gives to devices. */
export type RuleCertificates = 'aws' | 'aws+coap' | 'own';

/** What the operations of rules work with. */
export interface RuleParams {
  tag: unknown;
  ruleName: unknown;
  secTag: number;
  certificates: RuleCertificates;
  /** Certificates in PEM, for `own`. */
  content: unknown;
  /** Names the sources of these inputs in errors. */
  source: Record<'tag' | 'ruleName' | 'content', string>;
  /** Called with what the user should know before a rule is created, as it can never be edited. */
  onWarning: (warning: string) => void;
}

/** What can be done with provisioning rules. */
export const RULE_OPERATIONS = {
  list: {
    name: 'list rules',
    run: async (api: Api): Promise<OperationResult> => {
      const { body, statusCode } = await listRules(api);
      return { payload: body, statusCode };
    },
  },
  find: {
    name: 'list rules',
    run: async (api: Api, { tag, source }: RuleParams): Promise<OperationResult> => {
      const name = withSource('list rules', source.tag, () => parseTagName(tag));
      const { body, statusCode } = await listRules(api);
      return { payload: body.filter((rule) => tagsOfRule(rule).includes(name)), statusCode };
    },
  },
  ensure: { name: 'create rule', run: ensure },
} as const;

export type RuleOperation = keyof typeof RULE_OPERATIONS;

/** Returns the rule with the tag, or creates it. @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT`, or the service's error */
async function ensure(api: Api, params: RuleParams): Promise<OperationResult> {
  const rule = readRule(params);
  const warning = firmwareBufferWarning(rule.certificates);
  const onCreate = (): void => {
    if (warning !== undefined) params.onWarning(warning);
  };
  const { body, statusCode, existed, warnings } = await ensureRule(api, rule, onCreate);
  const all = !existed && warning !== undefined ? [warning, ...warnings] : warnings;
  return { payload: body, statusCode, properties: { existed, warnings: all.length > 0 ? all : undefined } };
}

/** Reads and checks all fields of the rule before anything is sent. */
function readRule({ tag, ruleName, secTag, certificates, content, source }: RuleParams): OnboardingRule {
  return {
    tag: withSource('create rule', source.tag, () => parseTagName(tag)),
    name: withSource('create rule', source.ruleName, () => parseRuleName(ruleName)),
    secTag,
    certificates:
      certificates === 'own'
        ? withSource('create rule', source.content, () => parseCertificates(content))
        : knownCertificates(certificates),
  };
}

function parseRuleName(value: unknown): string {
  if (typeof value !== 'string') {
    const what = value === undefined || value === null ? 'missing' : describeType(value);
    throw new InvalidValue(`is ${what}; enter a name for the rule as text`);
  }
  const name = value.trim();
  if (name === '') throw new InvalidValue('is empty; enter a name for the rule');
  return name;
}

function knownCertificates(which: 'aws' | 'aws+coap'): string {
  const amazon = amazonRootCertificate();
  if (amazon === undefined) {
    const sentence =
      'the root certificates of this Node.js lack Amazon Root CA 1; choose "own certificates" and enter it';
    throw invalidInput('create rule', sentence);
  }
  // A blank line separates them, as Nordic's tools write them.
  return which === 'aws' ? amazon : `${amazon}\n${coapRootCertificate()}`;
}
