/** What people's saved flows rely on of one node type: its properties and their defaults never change. */
export interface NodeContract {
  category: string;
  outputs: number;
  defaults: Record<string, unknown>;
  credentials?: string[];
  /** Message properties that the node sets, which its help has to name. */
  sets: string[];
}

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
    },
    credentials: ['apiKey'],
    sets: [],
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
    sets: ['payload', 'deviceId', 'statusCode', 'alreadyClaimed'],
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
      onInvalid: 'skip',
      output: 'payload',
    },
    sets: ['payload', 'rows', 'parts', 'statusCode'],
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
      resume: true,
      store: '',
      output: 'payload',
    },
    sets: ['payload', 'failedRows', 'resumed', 'statusCode'],
  },
  'nrfcloud-tags': {
    category: CATEGORY,
    outputs: 1,
    defaults: { ...COMMON, operation: 'list', input: 'payload', inputType: 'msg', output: 'payload' },
    sets: ['payload', 'statusCode'],
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
  },
};
