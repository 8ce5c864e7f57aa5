import { z } from 'zod';
import { cloudHsmOperation, invalidRequest } from './cloudHsmOperation.ts';
import { STATE_MESSAGES } from './describe.ts';
import { findCluster, requireClusterState } from './find.ts';
import { certificate, clusterId } from './members.ts';

const shape = z.object({ ClusterId: clusterId, SignedCert: certificate, TrustAnchor: certificate });

export const initializeCluster = cloudHsmOperation(shape, async (kms, { ClusterId, SignedCert, TrustAnchor }) => {
  const judged = findCluster(kms, ClusterId);
  requireClusterState(judged, 'InitializeCluster', ['UNINITIALIZED']);
  const { judgeCertificates } = await import('../../clusters/certificates/judgeCertificates.ts');
  judgeCertificates(judged.csr ?? '', SignedCert, TrustAnchor);
  // Read again, because another call may have initialized the cluster meanwhile.
  const cluster = findCluster(kms, ClusterId);
  requireClusterState(cluster, 'InitializeCluster', ['UNINITIALIZED']);
  if (!kms.state.hsms.list({ clusterId: ClusterId }).some(({ state }) => state === 'ACTIVE')) {
    throw invalidRequest(
      `Cluster ${ClusterId} has no active HSM. Create one with CreateHsm, and wait until it is ACTIVE.`,
    );
  }
  const state = 'INITIALIZE_IN_PROGRESS';
  kms.clusters.putCluster({ ...cluster, state, csr: undefined, certificate: SignedCert, trustAnchor: TrustAnchor });
  return { State: state, StateMessage: STATE_MESSAGES[state] };
});
