import { join } from 'node:path';
import { startOwnProxy, type OwnProxyOptions } from '../ownProxy.ts';
import { startPeer, type RunningPeer } from '../startPeer.ts';
import type { TestBed } from '../testBed.ts';
import { readOther } from './otherPeer.ts';
import { startSample, type Sample } from './samplePeer.ts';

export const OPERATIONS = ['Encrypt with CDIV', 'Decrypt', 'Encrypt without CDIV'] as const;
export type MeasuredOperation = (typeof OPERATIONS)[number];

/** A proxy to measure, or a server that is a limit for all proxies. */
export interface Peer {
  readonly name: string;
  /** HTTPS, as KMS sends it, or plain HTTP. Only peers of one protocol are compared. */
  readonly protocol: 'HTTPS' | 'plain HTTP';
  readonly operations: readonly MeasuredOperation[];
  /** Whether the peer is also measured at open-loop rates. */
  readonly hasRates: boolean;
  /** Set if the peer is measured only when `--only` names it. */
  readonly isExtra?: boolean;
  readonly start: () => Promise<RunningPeer>;
}

const [WITH_CDIV, , WITHOUT_CDIV] = OPERATIONS;
const AUDIT_SYNCS = ['never', 'interval', 'always'] as const;

/** Lists the peers in the order of the table. Ratios are to the first peer of each protocol. */
export function peersOf(bed: TestBed, sample: Sample | undefined, others: readonly string[]): Peer[] {
  const https = { protocol: 'HTTPS', operations: OPERATIONS, hasRates: true } as const;
  const plain = { protocol: 'plain HTTP', operations: [WITH_CDIV, WITHOUT_CDIV], hasRates: false } as const;
  const own = (options: OwnProxyOptions) => ({ start: () => startOwnProxy(bed, options) });
  return [
    ...(sample === undefined
      ? []
      : [
          { name: "AWS's sample", ...https, start: () => startSample(bed, sample, true) },
          { name: "AWS's sample", ...plain, start: () => startSample(bed, sample, false) },
        ]),
    ...others.map(readOther).map(({ name, isSecure, peer }) => ({
      name,
      ...https,
      ...(!isSecure && { protocol: plain.protocol }),
      start: () => Promise.resolve(peer),
    })),
    { name: 'xks-proxy, one process', ...https, ...own({}) },
    { name: 'xks-proxy, two workers', ...https, ...own({ workers: 2 }) },
    { name: 'xks-proxy, one process', ...plain, ...own({ insecureHttp: true }) },
    { name: 'xks-proxy without audit log', ...https, hasRates: false, isExtra: true, ...own({ audit: false }) },
    ...AUDIT_SYNCS.map((sync) => ({
      name: `xks-proxy, audit sync ${sync}`,
      ...https,
      hasRates: false,
      isExtra: true,
      ...own({ audit: { sync } }),
    })),
    {
      name: 'limit: Node.js HTTPS server that only answers',
      ...https,
      operations: [WITH_CDIV],
      hasRates: false,
      start: () => startBareServer(bed),
    },
  ];
}

let started = 0;

async function startBareServer(bed: TestBed): Promise<RunningPeer> {
  started += 1;
  const program = join(import.meta.dirname, 'bareServer.ts');
  const { certificateFile, privateKeyFile } = bed.tls;
  const folder = join(bed.folder, `bare-${started}`);
  const portOf = (log: string) => Number(/"msg":"listening","port":(\d+)/.exec(log)?.[1]);
  const command = [bed.node, program, certificateFile, privateKeyFile] as const;
  const peer = await startPeer(command, folder, bed.env, (log) => !Number.isNaN(portOf(log)));
  return { ...peer, target: bed.targetAt(portOf(peer.log())) };
}
