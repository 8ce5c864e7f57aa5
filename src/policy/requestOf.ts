import { METADATA_FIELDS, type RequestMetadata } from '../xks/messages/requestMetadata.ts';
import type { CedarRequest, KeyApi, Texts } from './cedarRequest.ts';
import { principalOf } from './principal.ts';

/** Request and connection that a decision is about. */
export interface PolicySubject {
  readonly api: KeyApi;
  readonly keyStore: string;
  readonly externalKey: { readonly id: string; readonly tags: Texts };
  readonly requestMetadata: RequestMetadata;
  /** VPC endpoint of the connection. */
  readonly vpcEndpointId?: string | undefined;
  readonly clientCommonName?: string | undefined;
}

// AWS Service Authorization Reference, "Resource types defined by AWS Key Management Service".
const KEY_ARN = /^arn:aws[a-z-]*:kms:(?<kmsKeyRegion>[a-z0-9-]+):(?<kmsKeyAccount>[0-9]{12}):key\/[A-Za-z0-9-]+$/;
// `ebs` in the specification's examples; the condition key kms:ViaService has the regional endpoint.
const VIA_SERVICE =
  /^(?<kmsViaServiceName>[a-z0-9-]+)(?:\.(?<kmsViaServiceRegion>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?)?$/;

/** Builds the request that Cedar decides, from everything but kmsRequestId. An empty optional text counts as absent. */
export function requestOf({ api, keyStore, externalKey, requestMetadata, ...connection }: PolicySubject): CedarRequest {
  const { kmsOperation, awsPrincipalArn = '', kmsKeyArn, kmsViaService, awsSourceVpc, awsSourceVpce } = requestMetadata;
  const { vpcEndpointId, clientCommonName } = connection;
  const optional = {
    ...KEY_ARN.exec(kmsKeyArn ?? '')?.groups,
    kmsViaService,
    ...VIA_SERVICE.exec(kmsViaService ?? '')?.groups,
    awsSourceVpc,
    awsSourceVpce,
    vpcEndpointId,
    clientCommonName,
  };
  const { id, tags } = externalKey;
  return {
    principal: principalOf(awsPrincipalArn),
    action: api,
    resource: {
      type: 'ExternalKey',
      id: `${keyStore}/${id}`,
      attributes: { id, keyStore },
      parents: [{ type: 'KeyStore', id: keyStore }],
      tags,
    },
    // Encrypt and Decrypt require kmsKeyArn, which may be empty.
    context: { kmsOperation, ...(kmsKeyArn === undefined ? {} : { kmsKeyArn }), ...present(optional) },
    otherMetadata: present(requestMetadata, (field) => !METADATA_FIELDS.has(field)),
  };
}

function present(texts: Readonly<Record<string, string | undefined>>, isWanted = (_name: string) => true): Texts {
  return Object.fromEntries(
    Object.entries(texts).flatMap(([name, text = '']) => (text !== '' && isWanted(name) ? [[name, text]] : [])),
  );
}
