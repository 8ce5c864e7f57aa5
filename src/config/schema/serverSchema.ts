import { z } from 'zod';
import { makeIdentity } from '../../certificates/makeIdentity.ts';
import { changeRules } from './changeRules.ts';
import type { ConfigSource } from '../files/configSource.ts';
import { attempt, fileField, hostField } from './fields.ts';

export function serverSchema(source: ConfigSource) {
  const pemField = fileField.refine((file): boolean => !file.includes('-----'), {
    abort: true,
    error: 'must be the name of a file, not its text',
  });
  const bundle = pemField.transform((file, context) => attempt(context, () => source.readCertificates(file)));

  const clientAuth = z.strictObject({
    caFile: bundle.describe('PEM: the authorities that client certificates must chain to'),
    commonNames: z
      .array(z.string().min(1))
      .min(1, 'must name at least one common name')
      .describe('Subject CNs admitted, such as cks.kms.us-east-1.amazonaws.com'),
  });

  const tls = z
    .strictObject({
      certificateFile: bundle.describe('PEM: the server certificate, then its chain'),
      privateKeyFile: pemField
        .transform((file, context) => attempt(context, () => source.readPrivateKey(file)))
        .describe('PEM'),
      clientAuth: clientAuth.optional().describe('mTLS; if left out, clients need no certificate'),
    })
    .transform(({ certificateFile: certificates, privateKeyFile: privateKey, clientAuth }, context) => {
      const admitted = clientAuth && { ca: clientAuth.caFile, commonNames: clientAuth.commonNames };
      const make = () => makeIdentity({ certificates, privateKey, clientAuth: admitted });
      return attempt(context, make, ['privateKeyFile']);
    })
    // A change between TLS and plain HTTP needs another listener.
    .register(changeRules, { restart: 'to add or remove' });

  const proxyProtocol = z
    .strictObject({
      enabled: z.boolean().default(false).describe('Every connection must begin with a PROXY protocol v2 header'),
      vpcEndpointIds: z
        .array(z.string().regex(/^vpce-[0-9a-f]{8,32}$/, 'must be a VPC endpoint id, such as vpce-0123456789abcdef0'))
        .default([])
        .describe('Admits only connections through these VPC endpoints; an empty list admits all'),
    })
    .refine(({ enabled, vpcEndpointIds }) => enabled || vpcEndpointIds.length === 0, {
      path: ['vpcEndpointIds'],
      error: 'needs enabled: true, because only the PROXY header contains the VPC endpoint id',
    });

  return z
    .strictObject({
      host: hostField.default('0.0.0.0'),
      port: z.int().min(0).max(65535).default(8443).describe('0: any free port'),
      regions: z
        .array(z.string().regex(/^[a-z]{2,}(-[a-z0-9]+)+$/, 'must be an AWS Region, such as us-east-1'))
        .min(1, 'must name at least one AWS Region')
        .describe('Regions accepted in the SigV4 credential scope'),
      insecureHttp: z.boolean().default(false).describe('Plain HTTP: true only for local tests without tls'),
      tls: tls.optional(),
      proxyProtocol: proxyProtocol.prefault({}).describe('PROXY protocol v2, as a Network Load Balancer sends it'),
      workers: z
        .union([z.int().min(1).max(64), z.literal('auto')], 'must be a number from 1 to 64, or auto')
        .default(1)
        .describe('Processes that serve; auto: one per core'),
      fleetSize: z.int().min(1).default(1).describe('Proxies behind the load balancer, reported as xksProxyFleetSize'),
      drainSeconds: z
        .int()
        .min(0)
        .max(300)
        .default(20)
        .describe('Seconds between SIGTERM and the end of the proxy, in which it finishes requests')
        .register(changeRules, { restart: 'not needed' }),
    })
    .refine(({ insecureHttp, tls }) => insecureHttp || tls !== undefined, {
      path: ['tls'],
      error: 'is missing: set certificateFile and privateKeyFile (insecureHttp: true is for local tests only)',
    })
    .refine(({ insecureHttp, tls }) => !insecureHttp || tls === undefined, {
      path: ['insecureHttp'],
      error: 'is true although tls is set; remove one of them',
    });
}
