import { derive } from '../identity/seeded';
import { formatUuid } from '../identity/uuid';
import type { Settings } from '../settings';
import type { CheckedCommand } from './check-command';
import { Refusal } from './refusal';

/** Where a command is. How the end is called is a setting; `other` is an end that a test asked for. */
export type CommandState = 'pending' | 'inProgress' | 'succeeded' | 'failed' | 'removed' | 'other';

/** What a device returns for a command: the text of a CSR, a public key, or neither. */
export interface CommandOutput {
  csr?: string;
  publicKey?: string;
}

/** A provisioning command of one device. */
export interface Command extends Readonly<CheckedCommand> {
  readonly id: string;
  readonly deviceId: string;
  /** The rule that brought it. */
  readonly ruleId?: string;
  readonly createdAt: number;
  state: CommandState;
  endedAt?: number;
  /** Computed when it is first asked for, as keys take time. */
  output?: () => CommandOutput;
  error?: { cme: number; text: string };
  /** The end that a test asked for, instead of what the device would have caused. */
  forced?: { status: string; response?: unknown };
}

/** Whether a command has not ended. */
function isOpen(command: Command): boolean {
  return command.state === 'pending' || command.state === 'inProgress';
}

/** The commands of all devices. */
export class Commands {
  private readonly byDevice = new Map<string, Command[]>();
  private made = 0;

  constructor(
    private readonly seed: string,
    private readonly settings: () => Readonly<Settings>,
  ) {}

  /**
   * Puts a command on a device.
   * @throws Refusal for one more than the limit; the commands of rules are not limited (our choice)
   */
  create(deviceId: string, command: CheckedCommand, ruleId?: string): Command {
    const { commandLimit, commandLimitStatus, commandIdForm } = this.settings();
    const own = this.byDevice.get(deviceId) ?? [];
    if (ruleId === undefined && own.filter(isOpen).length >= commandLimit) {
      throw new Refusal(commandLimitStatus, `A device has at most ${commandLimit} provisioning commands.`);
    }
    const uuid = formatUuid(derive(this.seed, 'command', String(this.made++)));
    const created: Command = {
      ...command,
      id: commandIdForm === 'uuid' ? uuid : `cmd/${uuid}?+ä`,
      deviceId,
      ...(ruleId !== undefined && { ruleId }),
      createdAt: Date.now(),
      state: 'pending',
    };
    own.push(created);
    this.byDevice.set(deviceId, own);
    return created;
  }

  /** All commands of a device in the order of their creation, also those that the service does not show. */
  all(deviceId: string): readonly Command[] {
    return this.byDevice.get(deviceId) ?? [];
  }

  /** The commands that the service shows. */
  shown(deviceId: string): Command[] {
    return this.all(deviceId).filter((command) => this.isShown(command));
  }

  /** @throws Refusal 404 for a command that does not exist or is no longer shown */
  get(deviceId: string, id: string): Command {
    const command = this.all(deviceId).find((one) => one.id === id);
    if (!command || !this.isShown(command)) throw new Refusal(404, 'There is no provisioning command with this id.');
    return command;
  }

  /** The commands that a device has yet to execute: in order, `finished` after all others (confirmed). */
  pending(deviceId: string): Command[] {
    const pending = this.all(deviceId).filter((command) => command.state === 'pending');
    const isLast = (command: Command): boolean => command.type === 'finished';
    return [...pending.filter((command) => !isLast(command)), ...pending.filter(isLast)];
  }

  /** Ends a command with any status; undefined if it does not exist. */
  force(deviceId: string, id: string, forced: { status: string; response?: unknown }): Command | undefined {
    const command = this.all(deviceId).find((one) => one.id === id);
    if (!command) return undefined;
    command.forced = forced;
    command.state = 'other';
    command.endedAt = Date.now();
    return command;
  }

  /** Forgets all commands of a device. */
  clear(deviceId: string): void {
    this.byDevice.delete(deviceId);
  }

  private isShown(command: Command): boolean {
    const { removedCommands, commandLifetimeMs, ruleCommands } = this.settings();
    if (command.ruleId !== undefined && ruleCommands === 'hidden') return false;
    if (command.state === 'removed' && removedCommands === 'gone') return false;
    return commandLifetimeMs === 0 || command.endedAt === undefined || command.endedAt + commandLifetimeMs > Date.now();
  }
}
