import { ruleView } from '../state/onboarding-views';
import type { ServiceState } from '../state/service-state';
import type { ServiceResponse } from '../wire/response';
import { readPageToken, writePageToken } from './paging';
import { jsonObject, type Call, type Route } from './route';

const PATH = '/provisioning-rules';
const VERSIONS = ['guide', 'current'] as const;

/** Provisioning rules, the same in both API versions. */
export const RULE_ROUTES: readonly Route[] = [
  { method: 'GET', path: PATH, versions: VERSIONS, operation: () => 'listRules', run: listRules },
  {
    method: 'POST',
    path: PATH,
    versions: VERSIONS,
    operation: () => 'createRule',
    run: (state, call) => ({ status: 201, body: ruleView(state.rules.create(jsonObject(call)), state.settings) }),
  },
];

/** `{ items }` is confirmed, and that the body may be empty; paging is our choice. */
function listRules(state: ServiceState, call: Call): ServiceResponse {
  const { ruleListShape, rulePageSize } = state.settings;
  if (ruleListShape === 'empty') return { status: 200 };
  const limit = rulePageSize === 0 || ruleListShape === 'array' ? Infinity : rulePageSize;
  const page = state.rules.page(limit === Infinity ? 0 : readPageToken(call.query['pageNextToken']), limit);
  const items = page.items.map((rule) => ruleView(rule, state.settings));
  if (ruleListShape === 'array') return { status: 200, body: items };
  return {
    status: 200,
    body: { items, ...(page.next !== undefined && { pageNextToken: writePageToken(page.next) }) },
  };
}
