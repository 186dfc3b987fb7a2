/**
 * The settings of commands, rules and device management: their types, defaults and choices. Each one stands for
 * something that no public source settles (nrf-cloud-onboarding.md, section D), so all defaults are our choice.
 */

/** How an onboarded device is looked up by `?deviceIds=`. */
type DeviceIdsParameter = 'comma' | 'repeated' | 'both' | 'ignored' | 'refused';

/** The names of the statuses in which a command ends. Only `SUCCEEDED` and `FAILED` are even inferred. */
export interface EndStatuses {
  succeeded: string;
  failed: string;
  /** A command that was removed because an earlier one failed (with `removedCommands: 'end'`). */
  removed: string;
}

export interface OnboardingSettings {
  /** Most commands of one device that have not ended. The number is confirmed. */
  commandLimit: number;
  /** Status of the response to one command more. */
  commandLimitStatus: number;
  /** Status of creating a command for a blocked device; 201 accepts the command, which then stays pending. */
  commandBlockedStatus: number;
  /** Status for a device that nobody has claimed. */
  commandUnclaimedStatus: number;
  /** Status for a device of another team. */
  commandForeignStatus: number;
  /** Commands with a type or fields that are not known: accepted as they are, or refused with 400. */
  commandCheck: 'known' | 'none';
  /** Form of a command's id. `text` has characters that a path must escape. */
  commandIdForm: 'uuid' | 'text';
  /** `brief`: a command is shown as `{ id, status, response }`. */
  commandFields: 'full' | 'brief';
  /** The list of commands: its envelope, or the status with which there is none. */
  commandList: 'items' | 'commands' | 'array' | '404' | '405';
  /** Where the text of a CSR is: `csr` was the name before 2024-04-30. */
  csrField: 'message' | 'csr';
  /** Form of `response` of a command that succeeded. */
  commandResponse: 'object' | 'text' | 'missing';
  /** Where the error of the device is shown. */
  commandError: 'response' | 'keyed' | 'text' | 'field' | 'missing';
  endStatuses: Readonly<EndStatuses>;
  /** Commands after one that failed: no longer found (404), or found with the status `endStatuses.removed`. */
  removedCommands: 'gone' | 'end';
  /** Milliseconds after its end for which a command is found, 0 = for ever. */
  commandLifetimeMs: number;
  /** Whether the commands that a rule brings are found in the list and by id. */
  ruleCommands: 'shown' | 'hidden';
  /** Which of several matching rules applies when a device contacts the service. */
  ruleMatch: 'oldest' | 'newest' | 'all';
  /** Whether a rule created later still applies to a device that already got the commands of another. */
  laterRules: 'apply' | 'ignore';
  /** The list of rules. `empty` = an empty body. */
  ruleListShape: 'items' | 'array' | 'empty';
  /** Rules per page, 0 = all on one page. */
  rulePageSize: number;
  /** `tags`: rules are listed as `{ tags }` and nothing else. */
  ruleFields: 'full' | 'tags';
  /** The fields that say whether a rule is active: `status` (`DRAFT`, `ACTIVE`), `active`, both or none. */
  ruleState: 'status' | 'active' | 'both' | 'none';
  /** Status of a second rule of the same name. */
  ruleDuplicateStatus: number;
  /** Status of a rule that cannot be used: an invalid command, or an undefined tag with `refuse`. */
  ruleInvalidStatus: number;
  /** A rule with a tag that is not defined: defines it, or is refused. */
  ruleUndefinedTags: 'create' | 'refuse';
  /** Role of the API key. A `viewer` gets 403 for writing, on both hosts. */
  role: 'owner' | 'admin' | 'editor' | 'viewer';
  deviceIdsParameter: DeviceIdsParameter;
  /** Onboarded devices per page without `pageLimit`, and the most that `pageLimit` gets. */
  devicePageSize: number;
  /** Whether the list shows `state`: always, never, or with `includeState=true`. */
  listState: 'always' | 'asked' | 'never';
  /** Whether unclaiming a device deletes it from device management too (confirmed for 2026 only). */
  unclaimOffboards: boolean;
  /** Most requests within any second on the device management host, 0 = no limit. */
  deviceApiRate: number;
}

export const DEFAULT_ONBOARDING_SETTINGS: Readonly<OnboardingSettings> = {
  commandLimit: 20,
  commandLimitStatus: 400,
  commandBlockedStatus: 201,
  commandUnclaimedStatus: 404,
  commandForeignStatus: 404,
  commandCheck: 'known',
  commandIdForm: 'uuid',
  commandFields: 'full',
  commandList: 'items',
  csrField: 'message',
  commandResponse: 'object',
  commandError: 'response',
  endStatuses: { succeeded: 'SUCCEEDED', failed: 'FAILED', removed: 'CANCELLED' },
  removedCommands: 'gone',
  commandLifetimeMs: 0,
  ruleCommands: 'shown',
  ruleMatch: 'oldest',
  laterRules: 'apply',
  ruleListShape: 'items',
  rulePageSize: 0,
  ruleFields: 'full',
  ruleState: 'status',
  ruleDuplicateStatus: 409,
  ruleInvalidStatus: 400,
  ruleUndefinedTags: 'create',
  role: 'editor',
  deviceIdsParameter: 'comma',
  devicePageSize: 100,
  listState: 'always',
  unclaimOffboards: true,
  deviceApiRate: 0,
};

export const ONBOARDING_CHOICES: { readonly [K in keyof OnboardingSettings]?: readonly OnboardingSettings[K][] } = {
  commandCheck: ['known', 'none'],
  commandIdForm: ['uuid', 'text'],
  commandFields: ['full', 'brief'],
  commandList: ['items', 'commands', 'array', '404', '405'],
  csrField: ['message', 'csr'],
  commandResponse: ['object', 'text', 'missing'],
  commandError: ['response', 'keyed', 'text', 'field', 'missing'],
  removedCommands: ['gone', 'end'],
  ruleCommands: ['shown', 'hidden'],
  ruleMatch: ['oldest', 'newest', 'all'],
  laterRules: ['apply', 'ignore'],
  ruleListShape: ['items', 'array', 'empty'],
  ruleFields: ['full', 'tags'],
  ruleState: ['status', 'active', 'both', 'none'],
  ruleUndefinedTags: ['create', 'refuse'],
  role: ['owner', 'admin', 'editor', 'viewer'],
  deviceIdsParameter: ['comma', 'repeated', 'both', 'ignored', 'refused'],
  listState: ['always', 'asked', 'never'],
};
