import { Behaviours, type DeviceBehaviour } from '../device/behaviour';
import type { DeviceKeys } from '../identity/device-keys';
import type { Settings } from '../settings';
import type { QueuedTimer, TimerQueue } from '../util/timer-queue';
import type { Command, Commands } from './commands';
import { tagNames, type Device, type Devices } from './devices';
import type { CommandEnd, ContactReport, Events } from './events';
import { errorOf, outputOf, recordsOf } from './execute-command';
import type { OnboardedDevice, OnboardedDevices } from './onboarded-devices';
import type { Rules } from './rules';

/** What contacts need to know of the rest of the service. */
export interface ContactContext {
  readonly keys: DeviceKeys;
  readonly timers: TimerQueue;
  readonly events: Events;
  readonly devices: Devices;
  readonly commands: Commands;
  readonly rules: Rules;
  readonly onboarded: OnboardedDevices;
  settings(): Readonly<Settings>;
}

/** What is known of a claimed device beside its claim. */
interface DeviceState {
  nextContact?: QueuedTimer | undefined;
  contacted: boolean;
  busy: boolean;
  /** Ids of the rules whose commands it got. */
  applied?: Set<string>;
}

/** Commands that a device executes in one contact. */
interface Run {
  device: Device;
  state: DeviceState;
  /** What is left of the current round. */
  round: Command[];
  rounds: number;
  executed: number;
}

/** The device side: simulated devices contact the service, fetch commands and execute them. */
export class DeviceContacts {
  readonly behaviours = new Behaviours();
  private readonly states = new Map<string, DeviceState>();

  constructor(private readonly context: ContactContext) {}

  /** A device was claimed: it contacts the service when its behaviour says so. */
  claimed(device: Device): void {
    const state: DeviceState = { contacted: false, busy: false };
    this.states.set(device.id, state);
    this.schedule(device, state, this.behaviourOf(device).contactAfterMs);
  }

  /** A device was unclaimed: it stops what it does. */
  unclaimed(device: Device): void {
    this.context.timers.cancel(this.states.get(device.id)?.nextContact);
    this.states.delete(device.id);
  }

  /**
   * Changes how devices behave. A device that has not contacted the service yet follows a change of its own
   * `contactAfterMs` at once; changes of the default or of a tag apply to later claims.
   * @throws TypeError for a behaviour that does not exist
   */
  setBehaviour(target: string, change: Partial<DeviceBehaviour>): void {
    this.behaviours.set(target, change);
    const device = this.context.devices.find(target.toLowerCase());
    const state = device && this.states.get(device.id);
    if (!device || !state || state.contacted || change.contactAfterMs === undefined) return;
    const sinceClaim = Date.now() - device.claimedAt;
    this.schedule(device, state, change.contactAfterMs === null ? null : change.contactAfterMs - sinceClaim);
  }

  behaviourOf(device: Device): Readonly<DeviceBehaviour> {
    return this.behaviours.of(device.id, tagNames(device));
  }

  /** Makes a device contact the service now. */
  contact(deviceId: string): ContactReport {
    const device = this.context.devices.find(deviceId);
    const state = device && this.states.get(device.id);
    if (!device || !state) return this.report({ deviceId, outcome: 'unclaimed', commandIds: [] });
    if (device.blocked) return this.report({ deviceId, outcome: 'blocked', commandIds: [] });
    if (state.busy) return this.report({ deviceId, outcome: 'busy', commandIds: [] });
    state.contacted = true;
    this.applyRules(device, state);
    const commandIds = this.context.commands.pending(deviceId).map((command) => command.id);
    const report = this.report({ deviceId, outcome: commandIds.length > 0 ? 'commands' : 'idle', commandIds });
    this.schedule(device, state, this.behaviourOf(device).contactEveryMs);
    if (commandIds.length > 0) {
      state.busy = true;
      this.continue({ device, state, round: [], rounds: 0, executed: 0 });
    }
    return report;
  }

  private report(report: ContactReport): ContactReport {
    this.context.events.emit('contact', report);
    return report;
  }

  private schedule(device: Device, state: DeviceState, ms: number | null): void {
    this.context.timers.cancel(state.nextContact);
    state.nextContact = ms === null ? undefined : this.context.timers.add(ms, () => this.scheduled(device, state));
  }

  private scheduled(device: Device, state: DeviceState): void {
    const { outcome } = this.contact(device.id);
    // A device that was refused or is still busy asks again at its interval.
    if (outcome === 'blocked' || outcome === 'busy') {
      this.schedule(device, state, this.behaviourOf(device).contactEveryMs);
    }
  }

  /** Rules are looked up when the device contacts the service, not when it is claimed (confirmed). */
  private applyRules(device: Device, state: DeviceState): void {
    if (state.applied && this.context.settings().laterRules === 'ignore') return;
    for (const rule of this.context.rules.matching(device)) {
      state.applied ??= new Set();
      if (state.applied.has(rule.id)) continue;
      state.applied.add(rule.id);
      for (const command of rule.commands) this.context.commands.create(device.id, command, rule.id);
    }
  }

  /** Executes commands until none is left, one of them takes time or one of them fails. */
  private continue(run: Run): void {
    for (;;) {
      if (run.device.removed) return;
      const command = run.round.shift() ?? this.nextRound(run);
      if (!command) {
        run.state.busy = false;
        const { rounds, executed } = run;
        this.context.events.emit('contact-end', { deviceId: run.device.id, rounds, executed });
        return;
      }
      if (command.state !== 'pending') continue;
      command.state = 'inProgress';
      const { commandMs } = this.behaviourOf(run.device);
      if (commandMs !== 0) {
        this.context.timers.add(commandMs ?? Infinity, () => {
          if (!run.device.removed) this.execute(run, command);
          this.continue(run);
        });
        return;
      }
      this.execute(run, command);
    }
  }

  /** The first command of the next round, if there is one. A blocked device gets none. */
  private nextRound(run: Run): Command | undefined {
    const pending = this.context.commands.pending(run.device.id);
    if (pending.length === 0 || run.device.blocked) return undefined;
    run.rounds++;
    const { recordsPerRound } = this.behaviourOf(run.device);
    let records = 0;
    for (const command of pending) {
      records += recordsOf(command);
      if (run.round.length > 0 && records > recordsPerRound) break;
      run.round.push(command);
    }
    return run.round.shift();
  }

  private execute(run: Run, command: Command): void {
    // A test has ended it meanwhile.
    if (command.state !== 'inProgress') return;
    const behaviour = this.behaviourOf(run.device);
    const open = [command, ...this.context.commands.pending(run.device.id)];
    const error = errorOf(command, { behaviour, index: run.executed++, open });
    command.endedAt = Date.now();
    if (error) {
      command.state = 'failed';
      command.error = { cme: error.cme, text: error.text };
      this.announce(command);
      this.removePending(run);
      return;
    }
    command.state = 'succeeded';
    command.output = outputOf(command, this.context.keys, behaviour);
    this.announce(command);
    if (command.type === 'cloudAccessKeyGeneration') this.onboard(run.device, behaviour);
  }

  /** After an error the failed command and all after it are gone from the queue (confirmed). */
  private removePending(run: Run): void {
    run.round = [];
    for (const command of this.context.commands.pending(run.device.id)) {
      command.state = 'removed';
      command.endedAt = Date.now();
      this.announce(command);
    }
  }

  private announce(command: Command): void {
    const { id, deviceId, type, state, error } = command;
    const end: CommandEnd = { deviceId, commandId: id, type, state, ...(error && { error }) };
    this.context.events.emit('command-end', end);
  }

  /** Ends a command in a way that a test asks for; false if it does not exist. */
  endCommand(deviceId: string, commandId: string, forced: { status: string; response?: unknown }): boolean {
    const command = this.context.commands.force(deviceId, commandId, forced);
    if (command) this.announce(command);
    return command !== undefined;
  }

  /** Puts a claimed or unknown device into device management, as if its key had been generated long ago. */
  onboardNow(deviceId: string, { id = deviceId, connected = false }: { id?: string; connected?: boolean } = {}): void {
    const added = this.context.onboarded.add(id, { deviceId });
    this.context.events.emit('onboarded', id);
    if (connected) this.reportState(added);
  }

  /** Device management has the device some time after its key was generated, and its state some time after that. */
  private onboard(device: Device, { onboardAfterMs, stateAfterMs, onboardedId }: Readonly<DeviceBehaviour>): void {
    const { timers, onboarded, events } = this.context;
    if (onboardAfterMs === null) return;
    timers.add(onboardAfterMs, () => {
      if (device.removed) return;
      const added = onboarded.add(onboardedId === '' ? device.id : onboardedId, { deviceId: device.id });
      events.emit('onboarded', added.id);
      if (stateAfterMs !== null) timers.add(stateAfterMs, () => this.reportState(added));
    });
  }

  private reportState(device: OnboardedDevice): void {
    if (device.removed) return;
    device.reportedAt = Date.now();
    this.context.events.emit('state', device.id);
  }
}
