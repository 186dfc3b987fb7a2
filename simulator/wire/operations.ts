/** The operations of the device management host. */
export const DEVICE_API_OPERATIONS = [
  'account',
  'listOnboarded',
  'getOnboarded',
  'uploadDevices',
  'deviceBulkStatus',
  'changeState',
] as const;

/** The operations, as README.md lists them. */
export type OperationName =
  | 'claim'
  | 'dryRun'
  | 'bulkClaim'
  | 'bulkClaimNow'
  | 'bulkStatus'
  | 'listTags'
  | 'createTag'
  | 'getTag'
  | 'updateTag'
  | 'deleteTag'
  | 'listDevices'
  | 'getDevice'
  | 'unclaim'
  | 'block'
  | 'unblock'
  | 'createCommand'
  | 'getCommand'
  | 'listCommands'
  | 'listRules'
  | 'createRule'
  | (typeof DEVICE_API_OPERATIONS)[number];
