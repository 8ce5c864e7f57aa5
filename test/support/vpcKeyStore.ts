import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CreateCustomKeyStoreCommandInput } from '@aws-sdk/client-kms';
import { stringify } from 'yaml';
import { writeKeyPair } from '../../certs/generate.ts';
import { issueServerCertificate } from '../../certs/issueCertificate.ts';
import { testCertificates } from './certificates.ts';
import { PRIVATE_NAME, startKms } from './localKmsConnection.ts';
import { keyStoreMembers, LocalKmsKeyStore } from './localKmsKeyStore.ts';
import { newFiles, startProxy } from './reconfigurableProxy.ts';
import { GOOD_SERVICE } from './vpcEndpointServices.ts';

/** A key store of a local KMS for which GOOD_SERVICE exists, over a proxy with a certificate for its private DNS name. */
export async function startVpcKeyStore(members: Partial<CreateCustomKeyStoreCommandInput> = {}) {
  const files = newFiles();
  const server = issueServerCertificate(testCertificates.ca, { subjectAltNames: [PRIVATE_NAME] });
  writeKeyPair(files.folder, 'server', server);
  const proxy = await startProxy(files);
  const configFile = join(files.folder, 'kms.yaml');
  /** The services that there are from the next start of KMS on. */
  const offer = (...vpcEndpointServices: object[]): void => {
    writeFileSync(configFile, stringify({ vpcEndpointServices }));
  };
  offer(GOOD_SERVICE);
  const options = ['--config', configFile];
  const store = await LocalKmsKeyStore.create(
    await startKms(proxy.port, options),
    keyStoreMembers(files.credentials[0], {
      XksProxyConnectivity: 'VPC_ENDPOINT_SERVICE',
      XksProxyUriEndpoint: `https://${PRIVATE_NAME}`,
      XksProxyVpcEndpointServiceName: GOOD_SERVICE.serviceName,
      ...members,
    }),
  );
  /** The same key store in another process, after the end of this one. */
  const restart = async ({ kms, id }: LocalKmsKeyStore): Promise<LocalKmsKeyStore> => {
    kms.signal('SIGTERM');
    await kms.exitCode;
    return new LocalKmsKeyStore(await startKms(proxy.port, options, kms.folder), id);
  };
  return { files, proxy, server, store, offer, restart };
}
