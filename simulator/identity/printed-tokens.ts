/**
 * Tokens that stand in public documents. Their devices' keys are only in Nordic's database, so the simulator knows them
 * by heart and accepts exactly these texts without looking at the signature.
 */

/** The single claim of the guide. */
const GUIDE_SINGLE =
  '2dn3hQFQSWHIc0CMRc6xunwNmdiBeQNQpNWAuar7SSW8jduV9zfUrlDi2RpLvSI7Lpj6UEpyjZUy.0oRDoQEmoQRBIfZYQOOK3tk8JPbQj97vYSUwvg2l4RWnI-HkW870dxWy6pirvWJ5ZfjLtJsP-R5C9MJNtMHkZEZNjI1bmMaMLInZWTE';
/** The row of the guide's CSV, with the "0" that a misprint took from its second part. */
const GUIDE_CSV_REPAIRED =
  '2dn3hQFQMGctS_s1SFah9Ec8pTovDQNQJQ6Xd9jnSmyoRTcyiJBnpFDeHvNg-5iCpT8LJcf7JVzK.0oRDoQEmoQRBIfZYQIa6SNb3Ic7oz1UCacFTgWc63TNOE8i3rEa-cZElEUrKOOHlJ0dwGwPvZY0FXcA5L3Zh-TfQBONj1N5LPqYMmJc';
/** The sample of Nordic's own tool, from a real device. */
const UTILS_ADVANCED =
  '2dn3hQFQUDYxVDkxRPCAIhIbZAFifQNQGv86y_GmR2SiY0wmRsHGVFDT791_BPH8YOWFiyCHND1q.0oRDoQEmoQRBIfZYQGuXwJliinHc6xDPruiyjsaXyXZbZVpUuOhHG9YS8L05VuglCcJhMN4EUhWVGpaHgNnHHno6ahi-d5tOeZmAcNY';

/** Values of the device of a printed token that differ from the token. */
export interface PrintedDevice {
  firmwareId?: string;
  imei?: string;
}

/** The printed tokens that are accepted. */
export const PRINTED_TOKENS: ReadonlyMap<string, PrintedDevice> = new Map([
  // The guide's example response. Its `id` does not belong to its token: here the id is the token's UUID.
  [GUIDE_SINGLE, { firmwareId: '6100e43d-e06f-4017-9a5c-11550b8cc347', imei: '352656106118683' }],
  [GUIDE_CSV_REPAIRED, {}],
  [UTILS_ADVANCED, {}],
]);

/** The row of the guide's CSV as it is printed: 179 characters. */
export const GUIDE_CSV_MISPRINT = GUIDE_CSV_REPAIRED.replace('.0', '.');
