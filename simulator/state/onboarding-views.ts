import type { Settings } from '../settings';
import type { Command, CommandOutput } from './commands';
import type { OnboardedDevice } from './onboarded-devices';
import type { Rule } from './rules';

/** A command as the service shows it. `status` and `response` are confirmed, all else is our choice. */
export function commandView(command: Command, settings: Readonly<Settings>): Record<string, unknown> {
  const response = responseOf(command, settings);
  return {
    id: command.id,
    ...(settings.commandFields === 'full' && {
      description: command.description ?? '',
      request: { [command.type]: command.fields },
      createdAt: new Date(command.createdAt).toISOString(),
      ...(command.endedAt !== undefined && { completedAt: new Date(command.endedAt).toISOString() }),
    }),
    status: statusOf(command, settings),
    ...(response !== undefined && { response }),
    ...(command.error && settings.commandError === 'field' && { error: errorView(command.error) }),
    ...settings.extras.command,
  };
}

function statusOf({ state, forced }: Command, { endStatuses }: Readonly<Settings>): string {
  if (forced) return forced.status;
  switch (state) {
    case 'pending':
      return 'PENDING';
    case 'inProgress':
      return 'IN_PROGRESS';
    default:
      return endStatuses[state === 'other' ? 'removed' : state];
  }
}

function responseOf(command: Command, settings: Readonly<Settings>): unknown {
  const { type, error, output, forced } = command;
  if (forced) return forced.response;
  if (error) {
    if (settings.commandError === 'response') return { error: errorView(error) };
    if (settings.commandError === 'keyed') return { [type]: { error: errorView(error) } };
    return settings.commandError === 'text' ? `+CME ERROR: ${error.cme} ${error.text}` : undefined;
  }
  if (!output || settings.commandResponse === 'missing') return undefined;
  return settings.commandResponse === 'text' ? outputText(output()) : { [type]: outputFields(output(), settings) };
}

function errorView({ cme, text }: { cme: number; text: string }): Record<string, unknown> {
  return { code: cme, message: text };
}

function outputText({ csr, publicKey }: CommandOutput): string {
  return csr ?? publicKey ?? 'OK';
}

/** Only that of `certificateSigningRequest` is confirmed. */
function outputFields({ csr, publicKey }: CommandOutput, { csrField }: Readonly<Settings>): Record<string, string> {
  return { ...(csr !== undefined && { [csrField]: csr }), ...(publicKey !== undefined && { publicKey }) };
}

/** A rule as the service lists it. Only `tags` is confirmed. */
export function ruleView(rule: Rule, settings: Readonly<Settings>): Record<string, unknown> {
  const tags = rule.tags.filter((tag) => !tag.deleted).map((tag) => tag.name);
  if (settings.ruleFields === 'tags') return { tags, ...settings.extras.rule };
  const { ruleState } = settings;
  return {
    id: rule.id,
    name: rule.name,
    description: rule.description,
    tags,
    commands: rule.commands.map(({ type, fields, description }) => ({
      ...(description !== undefined && { description }),
      request: { [type]: fields },
    })),
    ...((ruleState === 'status' || ruleState === 'both') && { status: rule.active ? 'ACTIVE' : 'DRAFT' }),
    ...((ruleState === 'active' || ruleState === 'both') && { active: rule.active }),
    ...settings.extras.rule,
  };
}

/** A device as device management shows it (fields: the types of hello.nrfcloud.com, inferred). */
export function onboardedView(
  device: OnboardedDevice,
  options: { tenantId: string; settings: Readonly<Settings>; withState: boolean },
): Record<string, unknown> {
  const { tenantId, settings, withState } = options;
  const onboardedAt = new Date(device.onboardedAt).toISOString();
  const updatedAt = device.reportedAt === undefined ? onboardedAt : new Date(device.reportedAt).toISOString();
  return {
    id: device.id,
    name: device.id,
    type: 'Generic',
    subType: device.subType,
    tenantId,
    tags: device.tags,
    ...(withState && {
      state: {
        desired: {},
        ...(device.reportedAt !== undefined && { reported: { connection: { status: 'connected' } } }),
      },
    }),
    $meta: { createdAt: onboardedAt, updatedAt, version: '1' },
    ...settings.extras.onboarded,
  };
}
