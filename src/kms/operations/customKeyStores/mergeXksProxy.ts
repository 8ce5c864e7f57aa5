import { Secret } from '../../../secret.ts';
import { KmsError } from '../../kmsError.ts';
import type { XksProxyConfiguration } from '../../state/records.ts';
import { requireVpcMembers } from './requireVpcMembers.ts';
import type { XksProxyMembers } from './xksProxyMembers.ts';

/**
 * Returns the configuration with the changes of an UpdateCustomKeyStore. Throws ValidationException if the connectivity changes without the
 * other members that must change with it. Source: API reference, UpdateCustomKeyStore, XksProxyConnectivity.
 */
export function mergeXksProxy(
  before: XksProxyConfiguration,
  changes: XksProxyMembers,
  accountId: string,
): XksProxyConfiguration {
  const {
    XksProxyConnectivity: connectivity = before.connectivity,
    XksProxyUriEndpoint: uriEndpoint = before.uriEndpoint,
    XksProxyUriPath: uriPath = before.uriPath,
    XksProxyAuthenticationCredential: credential,
  } = changes;
  if (connectivity !== before.connectivity && uriEndpoint === before.uriEndpoint) {
    throw new KmsError(
      'ValidationException',
      'With another XksProxyConnectivity, XksProxyUriEndpoint must change too.',
    );
  }
  const isVpc = connectivity === 'VPC_ENDPOINT_SERVICE';
  const vpc = {
    vpcEndpointServiceName:
      changes.XksProxyVpcEndpointServiceName ?? (isVpc ? before.vpcEndpointServiceName : undefined),
    vpcEndpointServiceOwner:
      changes.XksProxyVpcEndpointServiceOwner ?? (isVpc ? (before.vpcEndpointServiceOwner ?? accountId) : undefined),
  };
  requireVpcMembers({ connectivity, ...vpc });
  return {
    connectivity,
    uriEndpoint,
    uriPath,
    ...vpc,
    accessKeyId: credential?.AccessKeyId ?? before.accessKeyId,
    rawSecretAccessKey: credential ? new Secret(credential.RawSecretAccessKey) : before.rawSecretAccessKey,
  };
}
