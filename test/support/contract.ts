/** What people's saved flows rely on of one node type: its properties and their defaults never change. */
export interface NodeContract {
  category: string;
  outputs: number;
  defaults: Record<string, unknown>;
  credentials?: string[];
  /** Message properties that the node sets, which its help has to name. */
  sets: string[];
  /** Message properties that the node reads besides the sources that the dialog names, which its help has to name. */
  reads: string[];
}

/** The codes that users branch on in a Catch node. */
export const ERROR_CODES = [
  'NRFCLOUD_BAD_RESPONSE',
  'NRFCLOUD_CLOSED',
  'NRFCLOUD_CONFLICT',
  'NRFCLOUD_FORBIDDEN',
  'NRFCLOUD_INTERNAL_ERROR',
  'NRFCLOUD_INVALID_INPUT',
  'NRFCLOUD_NOT_CONFIGURED',
  'NRFCLOUD_NOT_FOUND',
  'NRFCLOUD_QUEUE_FULL',
  'NRFCLOUD_RATE_LIMITED',
  'NRFCLOUD_REJECTED',
  'NRFCLOUD_TIMEOUT',
  'NRFCLOUD_UNAUTHORIZED',
  'NRFCLOUD_UNAVAILABLE',
];

/** The properties of `msg.error.cause`. */
export const CAUSE = [
  'operation',
  'method',
  'path',
  'statusCode',
  'body',
  'requestId',
  'attempts',
  'retryAfter',
  'mayHaveSucceeded',
  'resumes',
];

/** The codes of rejected rows, besides those of errors. */
export const ROW_CODES = ['BAD_CSV', 'DUPLICATE', 'INVALID_TAG', 'INVALID_TOKEN'];

const CATEGORY = 'nRF Cloud';
const COMMON = { name: '', connection: '' };

/** The contract's tables, by node type. */
export const CONTRACT: Record<string, NodeContract> = {
  'nrfcloud-connection': {
    category: 'config',
    outputs: 0,
    defaults: {
      name: '',
      baseUrl: 'https://api.provisioning.nrfcloud.com/v1',
      api: 'guide',
      concurrency: 16,
      rate: 0,
      queueLimit: 100000,
      timeout: 30,
      retries: 5,
      tls: '',
      proxy: '',
      deviceApiUrl: '',
      outageWait: 300,
    },
    credentials: ['apiKey'],
    sets: [],
    reads: [],
  },
  'nrfcloud-claim': {
    category: CATEGORY,
    outputs: 1,
    defaults: {
      ...COMMON,
      token: 'payload',
      tokenType: 'msg',
      tags: '',
      tagsType: 'str',
      whenClaimed: 'ok',
      dryRun: false,
      output: 'payload',
    },
    sets: ['payload', 'deviceId', 'statusCode', 'alreadyClaimed', 'tagsNotApplied'],
    reads: ['payload', 'tags'],
  },
  'nrfcloud-bulk-claim': {
    category: CATEGORY,
    outputs: 3,
    defaults: {
      ...COMMON,
      input: 'content',
      source: 'payload',
      sourceType: 'msg',
      tokenColumn: 0,
      tagsColumn: 0,
      tags: '',
      tagsType: 'str',
      rowsPerUpload: 1000,
      uploadsAtOnce: 4,
      onInvalid: 'skip',
      maxRetryRounds: 5,
      dryRun: false,
      resume: true,
      store: '',
      output: 'payload',
    },
    sets: ['payload', 'rows', 'parts', 'retryRound', 'resumed', 'statusCode'],
    reads: ['payload', 'tags', 'retryRound', 'cancel'],
  },
  'nrfcloud-bulk-status': {
    category: CATEGORY,
    outputs: 3,
    defaults: {
      ...COMMON,
      operation: 'payload',
      operationType: 'msg',
      interval: 2,
      maxInterval: 30,
      timeout: 3600,
      whenClaimed: 'ok',
      resume: true,
      store: '',
      output: 'payload',
    },
    sets: ['payload', 'claimedRows', 'failedRows', 'retryRound', 'resumed', 'statusCode'],
    reads: ['payload', 'rows', 'retryRound', 'cancel'],
  },
  'nrfcloud-tags': {
    category: CATEGORY,
    outputs: 1,
    defaults: { ...COMMON, operation: 'list', input: 'payload', inputType: 'msg', output: 'payload' },
    sets: ['payload', 'statusCode'],
    reads: ['payload', 'operation'],
  },
  'nrfcloud-device': {
    category: CATEGORY,
    outputs: 1,
    defaults: {
      ...COMMON,
      operation: 'get',
      device: 'payload',
      deviceType: 'msg',
      allowUnclaim: false,
      output: 'payload',
    },
    sets: ['payload', 'statusCode'],
    reads: ['payload', 'operation'],
  },
  'nrfcloud-devices': {
    category: CATEGORY,
    outputs: 1,
    defaults: {
      ...COMMON,
      query: '',
      queryType: 'str',
      tag: '',
      tagType: 'str',
      mode: 'array',
      limit: 0,
      output: 'payload',
    },
    sets: ['payload', 'parts', 'statusCode'],
    reads: [],
  },
  'nrfcloud-check': {
    category: CATEGORY,
    outputs: 2,
    defaults: { ...COMMON, checks: 'all', tags: '', tagsType: 'str', token: '', tokenType: 'str', output: 'check' },
    sets: ['check', 'load', 'statusCode'],
    reads: [],
  },
  'nrfcloud-rules': {
    category: CATEGORY,
    outputs: 1,
    defaults: {
      ...COMMON,
      operation: 'list',
      tag: 'nrf-cloud-onboarding',
      tagType: 'str',
      ruleName: 'nRF Cloud Onboarding',
      ruleNameType: 'str',
      secTag: 16842753,
      certificates: 'aws+coap',
      content: '',
      contentType: 'str',
      output: 'payload',
    },
    sets: ['payload', 'existed', 'warnings', 'statusCode'],
    reads: ['operation'],
  },
  'nrfcloud-command': {
    category: CATEGORY,
    outputs: 3,
    defaults: {
      ...COMMON,
      device: 'payload',
      deviceType: 'msg',
      command: 'cloudAccessKeyGeneration',
      secTag: '16842753',
      secTagType: 'str',
      content: '',
      contentType: 'str',
      attributes: '',
      attributesType: 'str',
      keyUsage: '101010000',
      keyUsageType: 'str',
      description: '',
      descriptionType: 'str',
      requestInput: '',
      requestInputType: 'json',
      wait: true,
      interval: 5,
      maxInterval: 60,
      timeout: 172800,
      resume: true,
      store: '',
      output: 'payload',
    },
    sets: ['payload', 'resumed', 'statusCode'],
    reads: ['payload', 'command', 'cancel'],
  },
  'nrfcloud-onboarding': {
    category: CATEGORY,
    outputs: 3,
    defaults: {
      ...COMMON,
      device: 'payload',
      deviceType: 'msg',
      until: 'onboarded',
      interval: 10,
      maxInterval: 300,
      pollRate: 5,
      timeout: 172800,
      resume: true,
      store: '',
      output: 'payload',
    },
    sets: ['payload', 'deviceId', 'line', 'onboarding', 'parts', 'resumed', 'statusCode'],
    reads: ['payload', 'claimedRows', 'rows', 'cancel'],
  },
};
