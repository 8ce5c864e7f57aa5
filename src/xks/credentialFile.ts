import { xksProxyUriPath } from './path.ts';

/** Formats the JSON file that the KMS console reads to create a key store. Spec, "XKS proxy configuration in AWS KMS console". */
export function credentialFile(uriPathPrefix: string, accessKeyId: string, rawSecretAccessKey: string): string {
  const content = {
    XksProxyUriPath: xksProxyUriPath(uriPathPrefix),
    XksProxyAuthenticationCredential: { AccessKeyId: accessKeyId, RawSecretAccessKey: rawSecretAccessKey },
  };
  return JSON.stringify(content, null, 2);
}
