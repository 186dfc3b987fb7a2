/** Characters that an AT command may have in usual firmware (sdk-nrf's default; Asset Tracker Template). */
const DEFAULT_BUFFER = 1792;
const TEMPLATE_BUFFER = 2048;

/**
 * What to say about certificates that usual firmware cannot store, as they must fit into its buffer with the text of the AT
 * command.
 * @returns a sentence, `undefined` if they fit
 */
export function firmwareBufferWarning(certificates: string): string | undefined {
  const { length } = certificates;
  if (length < DEFAULT_BUFFER) return undefined;
  const first = `the certificates have ${length} characters, which do not fit into the default AT buffer of nRF Connect SDK (${DEFAULT_BUFFER})`;
  return length < TEMPLATE_BUFFER
    ? `${first}, but into that of the Asset Tracker Template (${TEMPLATE_BUFFER}); check the buffer of your firmware before devices use the rule`
    : `${first}, nor into that of the Asset Tracker Template (${TEMPLATE_BUFFER}); use fewer or shorter certificates`;
}
