import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { issueClusterCertificates } from './certificates/issueCluster.ts';
import { CloudHsmCallFailure, type CloudHsmClient } from './cloudHsmClient.ts';

export interface ReadyClusterOptions {
  readonly client: CloudHsmClient;
  readonly subnetIds: readonly string[];
  /** Sets the password of `admin` and creates `kmsuser`. */
  readonly activate: (clusterId: string) => Promise<void>;
  /** Called with a description of the next step. */
  readonly progress: (text: string) => void;
  readonly stop: AbortSignal;
}

const POLL_MS = 250;
// Longer than any --cluster-seconds that makes sense.
const LONGEST_WAIT_MS = 600_000;

const cluster = z.object({
  ClusterId: z.string(),
  State: z.string(),
  StateMessage: z.string().optional(),
  SubnetMapping: z.record(z.string(), z.string()),
  Hsms: z.array(z.object({ State: z.string() })),
  Certificates: z.object({ ClusterCsr: z.string().optional() }),
});
type Described = z.output<typeof cluster>;

/**
 * Creates an active cluster with an HSM in each subnet, by the manual steps of AWS's guide. Resolves to its id and its trust anchor, in
 * PEM. Rejects with CloudHsmCallFailure.
 */
export async function makeReadyCluster(
  options: ReadyClusterOptions,
): Promise<{ readonly clusterId: string; readonly trustAnchor: string }> {
  const { client, subnetIds, activate, progress } = options;
  const created = z
    .object({ Cluster: cluster })
    .parse(await client.call('CreateCluster', { HsmType: 'hsm2m.medium', Mode: 'FIPS', SubnetIds: subnetIds })).Cluster;
  const ClusterId = created.ClusterId;
  progress(`${ClusterId} is being created`);
  await reaches(options, ClusterId, ({ State }) => State === 'UNINITIALIZED');

  const [firstZone, ...otherZones] = Object.keys(created.SubnetMapping);
  const addHsms = async (zones: readonly (string | undefined)[]): Promise<Described> => {
    for (const AvailabilityZone of zones) {
      progress(`an HSM is being created in ${String(AvailabilityZone)}`);
      await client.call('CreateHsm', { ClusterId, AvailabilityZone });
    }
    return reaches(options, ClusterId, ({ Hsms }) => Hsms.every(({ State }) => State === 'ACTIVE'));
  };
  const { Certificates } = await addHsms([firstZone]);

  progress('the cluster is being initialized');
  const { signedCert, trustAnchor } = await issueClusterCertificates(Certificates.ClusterCsr ?? '');
  await client.call('InitializeCluster', { ClusterId, SignedCert: signedCert, TrustAnchor: trustAnchor });
  await reaches(options, ClusterId, ({ State }) => State === 'INITIALIZED');

  progress('the cluster is being activated');
  await activate(ClusterId);
  await reaches(options, ClusterId, ({ State }) => State === 'ACTIVE');
  // The other HSMs come after the activation, so that the backups made with them contain kmsuser.
  await addHsms(otherZones);
  return { clusterId: ClusterId, trustAnchor };
}

/** Polls the cluster. Resolves to its description when the condition holds. */
async function reaches(
  { client, stop, progress }: ReadyClusterOptions,
  clusterId: string,
  holds: (cluster: Described) => boolean,
): Promise<Described> {
  const end = performance.now() + LONGEST_WAIT_MS;
  let told: string | undefined;
  while (performance.now() < end) {
    const output = await client.call('DescribeClusters', { Filters: { clusterIds: [clusterId] } });
    const [described] = z.object({ Clusters: z.array(cluster) }).parse(output).Clusters;
    if (described && holds(described)) return described;
    const message = described?.StateMessage;
    if (message !== undefined && message !== told) progress(message);
    told = message;
    if (stop.aborted) throw new CloudHsmCallFailure(`${clusterId} is not ready, and is left as it is.`);
    await sleep(POLL_MS);
  }
  throw new CloudHsmCallFailure(
    `${clusterId} was not ready in time. Look at it with: aws cloudhsmv2 describe-clusters`,
  );
}
