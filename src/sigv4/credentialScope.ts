/** `<accessKeyId>/<yyyymmdd>/<region>/kms-xks-proxy/aws4_request` without the access key id. */
export interface CredentialScope {
  /** UTC day, `yyyymmdd`. */
  readonly date: string;
  readonly region: string;
}

export const SERVICE = 'kms-xks-proxy';
export const TERMINATOR = 'aws4_request';
export const ALGORITHM = 'AWS4-HMAC-SHA256';

export function formatScope({ date, region }: CredentialScope): string {
  return `${date}/${region}/${SERVICE}/${TERMINATOR}`;
}
