import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CreateCustomKeyStoreCommandInput } from '@aws-sdk/client-kms';
import { stringify } from 'yaml';
import { writeKeyPair } from '../../certs/generate.ts';
import { issueServerCertificate } from '../../certs/issueCertificate.ts';
import type { VpcEndpointService } from '../../src/kms/connection/vpcEndpointService.ts';
import { testCertificates } from './certificates.ts';
import { startKms } from './localKmsConnection.ts';
import { keyStoreMembers, LocalKmsKeyStore } from './localKmsKeyStore.ts';
import { newFiles, startProxy } from './reconfigurableProxy.ts';
import type { ProxyFiles } from './runningProxy.ts';
import { GOOD_SERVICE } from './vpcEndpointServices.ts';

interface VpcOptions {
  readonly files?: ProxyFiles;
  readonly service?: VpcEndpointService;
  readonly members?: Partial<CreateCustomKeyStoreCommandInput>;
}

/**
 * A key store of a local KMS with a VPC endpoint service, and a proxy with a certificate for the service's private DNS
 * name.
 */
export async function startVpcKeyStore({ files = newFiles(), service = GOOD_SERVICE, members = {} }: VpcOptions = {}) {
  const { serviceName, privateDnsName: name = '' } = service;
  const server = issueServerCertificate(testCertificates.ca, { subjectAltNames: [name] });
  writeKeyPair(files.folder, 'server', server);
  const proxy = await startProxy(files);
  const configFile = join(files.folder, 'kms.yaml');
  /** Sets the services that exist after the next start of KMS. */
  const offer = (...vpcEndpointServices: VpcEndpointService[]): void => {
    writeFileSync(configFile, stringify({ vpcEndpointServices }));
  };
  offer(service);
  const options = ['--config', configFile, '--resolve', `${name}=127.0.0.1:${proxy.port}`];
  const store = await LocalKmsKeyStore.create(
    await startKms(proxy.port, options),
    keyStoreMembers(files.credentials[0], {
      XksProxyConnectivity: 'VPC_ENDPOINT_SERVICE',
      XksProxyUriEndpoint: `https://${name}`,
      XksProxyVpcEndpointServiceName: serviceName,
      ...members,
    }),
  );
  /** Opens the same key store in another process, after this one has ended. */
  const restart = async ({ kms, id }: LocalKmsKeyStore): Promise<LocalKmsKeyStore> => {
    kms.signal('SIGTERM');
    await kms.exitCode;
    return new LocalKmsKeyStore(await startKms(proxy.port, options, kms.folder), id);
  };
  return { files, proxy, server, store, offer, restart };
}
