/** Texts that may be about a claim that was made before. */
const CLAIMED = /\b(claimed|already|exists?|own(ed|er|ership)?|conflict|duplicate)\b/i;
/** Texts that name another cause. */
const OTHER_CAUSE = /\b(tags?|malformed|invalid|signature|decode|parse|format|csv|unsupported|unknown device)\b/i;
/** Texts that say that the device is claimed; not "must be claimed by" or "is not claimed by". */
const SAYS_CLAIMED =
  /\balready\s+(?:been\s+)?(?:claimed|owned|registered)\b|\b(?:is|was|has\s+been)\s+claimed\b|(?<!\b(?:be|only|(?:not|never|\w+n't)(?:\s+been)?)\s+)\b(?:claimed|owned)\s+by\b|\bbelongs\s+to\s+(?:another|a\s+different|someone)\b/i;

/** What the text of a refused claim says about an earlier claim of the device. */
export type ClaimedHint = 'claimed' | 'perhaps' | 'unsaid' | 'other-cause';

/**
 * Reads the text with which the service refuses a claim. Which status and words it uses for a device that is claimed is not
 * known (our choice of words).
 * @returns `claimed`: it says that the device is claimed; `perhaps`: it may say so; `unsaid`: it says nothing about the cause
 */
export function claimedHint(text: string): ClaimedHint {
  if (SAYS_CLAIMED.test(text)) return 'claimed';
  if (CLAIMED.test(text)) return 'perhaps';
  return OTHER_CAUSE.test(text) ? 'other-cause' : 'unsaid';
}
