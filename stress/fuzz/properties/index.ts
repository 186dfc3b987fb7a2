import type { AnyProperty } from '../property';
import { bulkClaims } from './bulk-claim';
import { claimToken } from './claim-token';
import { credentials } from './credentials';
import { csvRowsProperties } from './csv-rows';
import { nodeInputs } from './node-inputs';
import { secretsAndHeaders } from './secrets-and-headers';
import { summaries } from './summaries';
import { tagsAndIds } from './tags-and-ids';

/** What needs no Node-RED. */
export const PURE: AnyProperty[] = [
  ...claimToken,
  ...csvRowsProperties,
  bulkClaims,
  ...tagsAndIds,
  ...credentials,
  ...summaries,
  ...secretsAndHeaders,
];

/** What runs in a real Node-RED, and therefore takes longer. */
export const NODES: AnyProperty[] = [nodeInputs];
