import { Counter, type Registry } from 'prom-client';

/** A connection that ended without a request, or that was not let in. */
export interface RefusedConnection {
  readonly reason: string;
  /** Whether it is expected, such as a health check of a load balancer. */
  readonly routine: boolean;
}

// Node and OpenSSL have hundreds of error codes: the label holds only their kind.
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^(HPE_|an Expect header|a request|a CONNECT)/, 'http'],
  [/^(ERR_SSL|ERR_TLS|EPROTO|ERR_OSSL)/, 'tls'],
  [/^ERR_HTTP_REQUEST_TIMEOUT$/, 'timeout'],
  [/^(ECONNRESET|EPIPE)$/, 'reset'],
  [/^(EMFILE|ENFILE)$/, 'descriptors'],
  [/^no worker/, 'workers'],
  [/records/, 'records'],
  [/too many/, 'too_many'],
  [/VPC endpoint/, 'vpc_endpoint'],
  [/certificate|common name/i, 'client_certificate'],
  [/PROXY/i, 'proxy_header'],
];

/** Metric of refused connections, by a closed list of reasons. Returns a function that counts one. */
export function refusalMetrics(registry: Registry): (refusal: RefusedConnection) => void {
  const refused = new Counter({
    name: 'xks_proxy_refused_connections_total',
    help: 'Connections that were refused or had no valid request, except health checks of load balancers.',
    labelNames: ['reason'],
    registers: [registry],
  });
  return ({ reason, routine }) => {
    if (!routine) refused.inc({ reason: KINDS.find(([pattern]) => pattern.test(reason))?.[1] ?? 'other' });
  };
}
