/** How the service of the benches behaves; what is left out is 0 or false. */
export interface Behaviour {
  /** Milliseconds until an answer. */
  latencyMs: number;
  /** Requests that are taken in a second, one second's worth at once; the rest get 429. 0 = no limit. */
  limit: number;
  /** Seconds that a refusal asks to wait, in `Retry-After`; 0 = it does not say. */
  retryAfter: number;
  /** Milliseconds from now for which every request gets a 500. */
  outageMs: number;
  /** Every device is claimed, and not only those that were. */
  allClaimed: boolean;
  /** The so-manieth look at a bulk operation finds it SUCCEEDED; 0 = it stays PENDING. */
  polls: number;
  /** Devices that a listing finds, and how many stand on a page. */
  devices: number;
  pageSize: number;
}

/** What the service has seen since it was last told how to behave. */
export interface Counts {
  /** All requests, refused ones too. */
  requests: number;
  /** Requests that got 429. */
  refused: number;
  /** Distinct devices among the claims that were taken. */
  claimed: number;
  /** Claims of a device that was claimed before. */
  claimedAgain: number;
  /** Requests taken per second from two seconds after the first on to the last; 0 if it was over sooner. */
  steadyPerSecond: number;
  uploads: number;
  /** Distinct bulk operations that were polled. */
  watched: number;
  /** When the first poll came, in milliseconds since 1970; 0 if none has come. */
  firstPollAt: number;
  /** Polls in each tenth of a second since the first. */
  pollsByTenth: number[];
  /** Bytes of the uploads. */
  uploadBytes: number;
  /** Most sockets that were open at once. */
  sockets: number;
}

export const PLAIN: Behaviour = {
  latencyMs: 0,
  limit: 0,
  retryAfter: 0,
  outageMs: 0,
  allClaimed: false,
  polls: 0,
  devices: 0,
  pageSize: 100,
};
