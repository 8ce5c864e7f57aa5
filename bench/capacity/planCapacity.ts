export interface Demand {
  /** Requests per second to all proxies together. */
  readonly rate: number;
  /** Milliseconds of CPU time that a proxy takes for a request. */
  readonly cpuMs: number;
  /** Milliseconds that the HSM takes for all calls of a request. */
  readonly hsmMs: number;
  /** Cores of each proxy's machine. */
  readonly cores: number;
}

export interface Plan {
  readonly proxies: number;
  /** Processes of each proxy. */
  readonly workers: number;
  /** `sessions` of the key manager in each process. */
  readonly sessions: number;
  /** Most sessions at the HSM, including those of the logins. */
  readonly hsmSessions: number;
}

/** Share of the time that a worker may use a core. Above it, waiting times grow faster than the load. */
export const CPU_SHARE = 0.6;
/** Share of the time that a session may be busy. */
export const SESSION_SHARE = 0.7;

/**
 * Finds the fewest proxies that serve the demand even if one of them is lost, and their workers and sessions. By Little's law,
 * rate × time is the average number of busy cores or sessions.
 */
export function planCapacity({ rate, cpuMs, hsmMs, cores }: Demand): Plan {
  const busyCores = (rate * cpuMs) / 1_000;
  const busySessions = (rate * hsmMs) / 1_000;
  const survivors = Math.max(1, roundUp(busyCores / CPU_SHARE / cores));
  const workers = Math.max(1, roundUp(busyCores / survivors / CPU_SHARE));
  const sessions = Math.max(1, roundUp(busySessions / survivors / workers / SESSION_SHARE));
  const proxies = survivors + 1;
  return { proxies, workers, sessions, hsmSessions: (sessions + 1) * workers * proxies };
}

/** Rounds up to a whole number, but ignores rounding errors. */
function roundUp(value: number): number {
  return Math.ceil(value - 1e-9);
}
