import type { Logger } from 'pino';
import type { XksExchange } from '../xksProxy/xksProxyClient.ts';

/** Logs a request to a proxy, with the facts that CloudWatch Logs would get, including the proxy's own error message. */
export function logExchange(log: Logger, { call, xksOperation, latencyMs, failure, health }: XksExchange): void {
  const { customKeyStoreId, requestMetadata } = call;
  const { kmsOperation, kmsRequestId } = requestMetadata;
  const ms = Math.round(latencyMs * 10) / 10;
  const healthStatus = health?.ekmFleetDetails.map((instance) => instance.healthStatus);
  const record = { customKeyStoreId, kmsRequestId, kmsOperation, xksOperation, latencyMs: ms, healthStatus };
  if (failure) log.warn({ ...record, reason: failure.reason, detail: failure.detail }, 'proxy failed');
  else log.info(record, 'proxy answered');
}
