/** Limits the requests within any second. Requests that are refused do not count (the simulator's choice). */
export class RateLimit {
  private readonly admitted: number[] = [];

  /**
   * Asks for admission.
   * @param rate requests per second, 0 = no limit
   * @param now a monotonic time in milliseconds
   * @returns milliseconds until a request is admitted again; 0 = admitted
   */
  admit(rate: number, now: number): number {
    if (rate <= 0) return 0;
    const first = this.admitted.findIndex((time) => time > now - 1000);
    this.admitted.splice(0, first < 0 ? this.admitted.length : first);
    const oldest = this.admitted[0];
    if (oldest !== undefined && this.admitted.length >= rate) return oldest + 1000 - now;
    this.admitted.push(now);
    return 0;
  }
}
