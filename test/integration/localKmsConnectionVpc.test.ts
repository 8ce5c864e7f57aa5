import { describe, it } from 'vitest';
import { writeKeyPair } from '../../certs/generate.ts';
import { testCertificates } from '../support/certificates.ts';
import { expectFailed, expectToConnectAgain } from '../support/localKmsConnection.ts';
import { reconfigure } from '../support/reconfigurableProxy.ts';
import { startVpcKeyStore } from '../support/vpcKeyStore.ts';
import { GOOD_SERVICE } from '../support/vpcEndpointServices.ts';

describe('a VPC endpoint service', () => {
  it('XKS_VPC_ENDPOINT_SERVICE_NOT_FOUND: it has been deleted', async () => {
    const { store, offer, restart } = await startVpcKeyStore();
    offer();
    const after = await restart(store);
    await expectFailed(
      after,
      'XKS_VPC_ENDPOINT_SERVICE_NOT_FOUND',
      /^There is no VPC endpoint service of that name\.$/,
    );
    offer(GOOD_SERVICE);
    await expectToConnectAgain(await restart(after));
  });

  it('XKS_VPC_ENDPOINT_SERVICE_INVALID_CONFIGURATION: it requires acceptance', async () => {
    const { store, offer, restart } = await startVpcKeyStore();
    offer({ ...GOOD_SERVICE, acceptanceRequired: true });
    const after = await restart(store);
    await expectFailed(
      after,
      'XKS_VPC_ENDPOINT_SERVICE_INVALID_CONFIGURATION',
      /^It must not require acceptance of connection requests\.$/,
    );
    offer(GOOD_SERVICE);
    await expectToConnectAgain(await restart(after));
  });

  it('XKS_VPC_ENDPOINT_SERVICE_INVALID_CONFIGURATION: the certificate is not for its private DNS name', async () => {
    const { files, proxy, server, store } = await startVpcKeyStore();
    writeKeyPair(files.folder, 'server', testCertificates.server);
    await reconfigure(proxy);
    await expectFailed(
      store,
      'XKS_VPC_ENDPOINT_SERVICE_INVALID_CONFIGURATION',
      /^InvalidTlsName: certificate for another name: /,
    );
    writeKeyPair(files.folder, 'server', server);
    await reconfigure(proxy);
    await expectToConnectAgain(store);
  });
});
