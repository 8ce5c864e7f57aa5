/** Time limits for clients of a listener, in milliseconds. */
export interface ListenDurations {
  /** For the PROXY protocol header. A load balancer sends it with the client's first bytes. */
  readonly proxyHeaderMs: number;
  readonly handshakeMs: number;
  /**
   * For a whole request. A request has at most 30 KiB, and KMS waits 250 ms for its answer, so a client that takes longer is not
   * KMS.
   */
  readonly requestMs: number;
  /** Between checks for requests that take too long. */
  readonly checkMs: number;
  /**
   * Idle time after which a connection is closed. If TCP sends no probes, the load balancer ends the connection first, after 350
   * s.
   */
  readonly idleMs: number;
  /** Time without a byte in either direction, longer than `idleMs`. It closes connections of clients that send and never read. */
  readonly silenceMs: number;
  /** For a client to finish sending a request that it was sending when a drain began. */
  readonly arrivalMs: number;
}

export const LISTEN_DURATIONS: ListenDurations = {
  proxyHeaderMs: 5_000,
  handshakeMs: 10_000,
  requestMs: 10_000,
  checkMs: 2_000,
  idleMs: 400_000,
  silenceMs: 410_000,
  arrivalMs: 500,
};
