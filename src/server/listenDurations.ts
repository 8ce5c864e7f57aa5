/** Milliseconds that a listener gives its clients. */
export interface ListenDurations {
  /** For the PROXY protocol header, which a load balancer sends with the client's first bytes. */
  readonly proxyHeaderMs: number;
  readonly handshakeMs: number;
  /** For a whole request. It has 30 KiB at most and KMS waits 250 ms for its answer: a client that takes longer is not KMS. */
  readonly requestMs: number;
  /** Between looks for requests that take too long. */
  readonly checkMs: number;
  /** Idle time after which a connection is closed. The load balancer's end, after 350 s, comes first where TCP sends no probes. */
  readonly idleMs: number;
  /** Time without a byte in either direction, for a client that sends and never reads; longer than `idleMs`. */
  readonly silenceMs: number;
  /** For a client that has begun to send a request when a drain begins, to get it running. */
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
