import {
  DEFAULT_ONBOARDING_SETTINGS,
  ONBOARDING_CHOICES,
  type EndStatuses,
  type OnboardingSettings,
} from './onboarding-settings';

/**
 * Every setting of the simulator: its type, its default and its choices. README.md says what each one is for, and
 * which of them stand for something no public source settles.
 */

/** The two versions of the service's paths: the 2023 guide's, and those Nordic's own tool uses since. */
export type ApiVersion = 'guide' | 'current';

/** How the document behind `errorSummaryUrl` looks, or which way it fails. */
type SummaryFormat = 'current' | 'older' | 'text' | 'missing' | 'expired' | 'notfound' | 'huge' | 'hang' | 'redirect';

/** HTTP statuses of a refused claim (no public source names them). */
interface RefusalStatuses {
  /** The token does not have the structure of an attestation token. */
  malformed: number;
  /** A known device, but the signature is not its own. */
  badSignature: number;
  /** A sound token of a device that this simulator never made. */
  unknownDevice: number;
  /** The device belongs to another team. */
  otherTeam: number;
  /** The device is already claimed by this team (with `reclaim: 'conflict'`). */
  ownTeam: number;
}

/** Fields that are laid over the responses, as a newer service might add them. They win over the real ones. */
interface Extras {
  device?: Record<string, unknown>;
  list?: Record<string, unknown>;
  tag?: Record<string, unknown>;
  operation?: Record<string, unknown>;
  command?: Record<string, unknown>;
  rule?: Record<string, unknown>;
  account?: Record<string, unknown>;
  /** A device as device management shows it. */
  onboarded?: Record<string, unknown>;
}

/** What can be set at the start and changed while the simulator runs. */
export interface Settings extends OnboardingSettings {
  /** The API version that is served. The paths of the other are 404. */
  api: ApiVersion | 'both';
  /** The key of the team, role editor or above. */
  apiKey: string;
  /** Keys of role viewer: they may read; writing is 403. */
  viewerKeys: readonly string[];
  /** Milliseconds before every response, or a range to draw from. */
  latency: number | readonly [number, number];
  /** Most requests within any second, beyond which the response is 429. 0 = no limit. */
  rate: number;
  /** The form of `Retry-After` in that 429. */
  rateRetryAfter: 'seconds' | 'date' | 'none';
  /** Verify signatures. Off: the structure of a token is all that counts. */
  verify: boolean;
  /** Accept sound tokens of devices that were not minted here. */
  acceptUnknownDevices: boolean;
  /** Claiming one's own device again: refused, or answered with the device. */
  reclaim: 'conflict' | 'ok';
  /** Claiming with a tag that is not defined: defines it, or is refused. */
  undefinedTags: 'create' | 'refuse';
  refusals: Readonly<RefusalStatuses>;
  /** Most rows of a bulk upload. */
  rowCap: number;
  /** Shape of the items of `failed` in a `current` bulk response. */
  failedShape: 'object' | 'text' | 'id' | 'index';
  /** Status of a `current` bulk response in which some rows failed, and in which all did. */
  partialStatus: number;
  allFailedStatus: number;
  /** Milliseconds a bulk operation stays PENDING. */
  bulkPendingMs: number;
  /** Milliseconds a bulk operation stays IN_PROGRESS, on top of the work itself. */
  bulkProgressMs: number;
  /** Holds bulk operations in that state until it is set to something else. */
  bulkHold: 'PENDING' | 'IN_PROGRESS' | 'none';
  errorSummary: SummaryFormat;
  /** Where the error summary redirects to when its format is `redirect`. */
  summaryRedirect: string;
  /** Devices per page without `pageLimit`, and the most that `pageLimit` gets. */
  pageSize: number;
  maxPageSize: number;
  /** `array`: the list of devices is one bare array of all of them. */
  listShape: 'items' | 'array';
  tagListShape: 'items' | 'array';
  /** ServiceResponse a page with the token it was asked with, as a broken service would. */
  repeatPageToken: boolean;
  /** Whether the list of devices honours `?tag=`. */
  tagFilter: 'support' | 'ignore';
  extras: Readonly<Extras>;
  /** Fields of a device that are left out of every response. */
  omitDeviceFields: readonly string[];
  /** Keep every request in `requests` (switch off for load tests). */
  record: boolean;
}

/** A change of settings: any of them; the entries of `refusals` and `endStatuses` one by one. */
export type SettingsChange = Partial<Omit<Settings, 'refusals' | 'endStatuses'>> & {
  refusals?: Partial<RefusalStatuses>;
  endStatuses?: Partial<EndStatuses>;
};

/** What a simulator starts with when nothing is said. */
export const DEFAULT_SETTINGS: Readonly<Settings> = {
  api: 'both',
  apiKey: 'sim-key',
  viewerKeys: [],
  latency: 0,
  rate: 0,
  rateRetryAfter: 'seconds',
  verify: true,
  acceptUnknownDevices: false,
  reclaim: 'conflict',
  undefinedTags: 'create',
  refusals: { malformed: 400, badSignature: 422, unknownDevice: 404, otherTeam: 409, ownTeam: 409 },
  rowCap: 1000,
  failedShape: 'object',
  partialStatus: 201,
  allFailedStatus: 400,
  bulkPendingMs: 10,
  bulkProgressMs: 10,
  bulkHold: 'none',
  errorSummary: 'current',
  summaryRedirect: '/elsewhere',
  pageSize: 100,
  maxPageSize: 1000,
  listShape: 'items',
  tagListShape: 'items',
  repeatPageToken: false,
  tagFilter: 'support',
  extras: {},
  omitDeviceFields: [],
  record: true,
  ...DEFAULT_ONBOARDING_SETTINGS,
};

/** The values of the settings that have a fixed set of them. */
export const CHOICES: { readonly [K in keyof Settings]?: readonly Settings[K][] } = {
  api: ['guide', 'current', 'both'],
  rateRetryAfter: ['seconds', 'date', 'none'],
  reclaim: ['conflict', 'ok'],
  undefinedTags: ['create', 'refuse'],
  failedShape: ['object', 'text', 'id', 'index'],
  bulkHold: ['PENDING', 'IN_PROGRESS', 'none'],
  errorSummary: ['current', 'older', 'text', 'missing', 'expired', 'notfound', 'huge', 'hang', 'redirect'],
  listShape: ['items', 'array'],
  tagListShape: ['items', 'array'],
  tagFilter: ['support', 'ignore'],
  ...ONBOARDING_CHOICES,
};
