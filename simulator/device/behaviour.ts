/** An error that the modem of a device reports for a command. */
export interface CommandFault {
  /** Position of the command within one contact, from 0. */
  index?: number;
  /** Type of the command, e.g. `serverCertificate`. Without index and type every command fails. */
  type?: string;
  /** Error number of the modem (CME), 0 = none. */
  cme: number;
  text: string;
}

/** What is wrong with a CSR, on purpose. */
type CsrDamage = 'none' | 'cut' | 'digest' | 'device' | 'secTag' | 'commonName' | 'signature';

/** How a simulated device behaves. The defaults are our choice, except where a source is named. */
export interface DeviceBehaviour {
  /** Milliseconds from its claim to its first contact with the service; null = only on demand. */
  contactAfterMs: number | null;
  /** Milliseconds from one contact to the next; null = only on demand. Real devices: 24 h. */
  contactEveryMs: number | null;
  /** Records that the device takes in one round of a contact (Asset Tracker Template: 5). */
  recordsPerRound: number;
  /** Firmware that does not tell the service its limit: more records than that fail with "too many commands". */
  oldFirmware: boolean;
  /** Milliseconds for which each command is IN_PROGRESS; null = for ever. */
  commandMs: number | null;
  /** Bytes of the firmware's AT command buffer (Asset Tracker Template: 2048, default of the library: 1792). */
  atBufferSize: number;
  failAt: CommandFault | null;
  /** Milliseconds from the generation of its cloud access key until device management has the device; null = never. */
  onboardAfterMs: number | null;
  /** Milliseconds from then until it has reported state; null = never connected. */
  stateAfterMs: number | null;
  /** The id under which device management has the device; empty = its UUID. */
  onboardedId: string;
  /** Writes the signature algorithm of a CSR with a NULL parameter, as older modems do (confirmed). */
  csrNullParameter: boolean;
  /** Whether a CSR has its second part, the COSE signature; it may be missing (confirmed). */
  csrAttestation: boolean;
  csrDamage: CsrDamage;
}

const DEFAULT_BEHAVIOUR: Readonly<DeviceBehaviour> = {
  contactAfterMs: 10_000,
  contactEveryMs: null,
  recordsPerRound: 5,
  oldFirmware: false,
  commandMs: 0,
  atBufferSize: 2048,
  failAt: null,
  onboardAfterMs: 10_000,
  stateAfterMs: 5000,
  onboardedId: '',
  csrNullParameter: false,
  csrAttestation: true,
  csrDamage: 'none',
};

const TIMES: ReadonlySet<string> = new Set([
  'contactAfterMs',
  'contactEveryMs',
  'commandMs',
  'onboardAfterMs',
  'stateAfterMs',
] satisfies (keyof DeviceBehaviour)[]);
const DAMAGES: readonly CsrDamage[] = ['none', 'cut', 'digest', 'device', 'secTag', 'commonName', 'signature'];
const TAG_PREFIX = 'tag:';

/** The behaviour of all devices: the default, changed by tag, changed for single devices. */
export class Behaviours {
  private fallback = DEFAULT_BEHAVIOUR;
  private readonly byTag = new Map<string, Partial<DeviceBehaviour>>();
  private readonly byDevice = new Map<string, Partial<DeviceBehaviour>>();

  /**
   * Changes a behaviour.
   * @param target a device UUID, `tag:<name>` or `default`
   * @throws TypeError for a field that does not exist or cannot have that value
   */
  set(target: string, change: Partial<DeviceBehaviour>): void {
    for (const [name, value] of Object.entries(change)) checkField(name, value);
    if (target === 'default') this.fallback = { ...this.fallback, ...change };
    else if (target.startsWith(TAG_PREFIX)) merge(this.byTag, target.slice(TAG_PREFIX.length), change);
    else merge(this.byDevice, target.toLowerCase(), change);
  }

  /** How a device behaves now. Its own behaviour wins over those of its tags, a later tag over an earlier one. */
  of(deviceId: string, tags: readonly string[]): Readonly<DeviceBehaviour> {
    const own = this.byDevice.get(deviceId);
    if (!own && this.byTag.size === 0) return this.fallback;
    return Object.assign({}, this.fallback, ...tags.map((tag) => this.byTag.get(tag)), own) as DeviceBehaviour;
  }
}

function merge(map: Map<string, Partial<DeviceBehaviour>>, key: string, change: Partial<DeviceBehaviour>): void {
  map.set(key, { ...map.get(key), ...change });
}

function checkField(name: string, value: unknown): void {
  if (!Object.hasOwn(DEFAULT_BEHAVIOUR, name)) throw new TypeError(`A device has no behaviour "${name}".`);
  if (!isUsable(name as keyof DeviceBehaviour, value)) {
    throw new TypeError(`The behaviour "${name}" cannot be ${JSON.stringify(value)}.`);
  }
}

function isUsable(name: keyof DeviceBehaviour, value: unknown): boolean {
  if (TIMES.has(name)) return value === null || (typeof value === 'number' && value >= 0);
  if (name === 'failAt') return value === null || isFault(value);
  if (name === 'csrDamage') return (DAMAGES as readonly unknown[]).includes(value);
  if (typeof DEFAULT_BEHAVIOUR[name] === 'number') return typeof value === 'number' && value >= 1;
  return typeof value === typeof DEFAULT_BEHAVIOUR[name];
}

function isFault(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { cme, text } = value as Partial<CommandFault>;
  return typeof cme === 'number' && typeof text === 'string';
}
