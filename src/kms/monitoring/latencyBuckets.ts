/** Bounds of XksProxyLatency, in milliseconds. KMS gives a proxy 250 ms, twice. */
export const LATENCY_BUCKETS_MS = [1, 2.5, 5, 10, 20, 35, 50, 100, 150, 200, 250, 500];
