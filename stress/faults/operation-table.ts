import { CLAIM_OPERATIONS } from './claim-operations';
import { ONBOARDING_OPERATIONS } from './onboarding-operations';
import type { Operation } from './operation';
import { TAG_OPERATIONS } from './tag-operations';

/** Every operation of every node. */
export const OPERATIONS: readonly Operation[] = [...CLAIM_OPERATIONS, ...TAG_OPERATIONS, ...ONBOARDING_OPERATIONS];
