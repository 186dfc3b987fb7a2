/** The longest wait that a timer of Node.js can take: 24 days. */
export const MAX_TIMER_MS = 2 ** 31 - 1;
