import type { KeyManager } from '../hsm/keyManager.ts';
import type { GetKeyMetadataRequest, GetKeyMetadataResponse } from '../xks/messages/getKeyMetadata.ts';
import { newestVersion, type ExternalKey } from './externalKey.ts';

/** Describes the newest version of the key by its attributes in the key manager. Spec, "GetKeyMetadata". */
export async function getKeyMetadata(
  keyManager: KeyManager,
  key: ExternalKey,
  _request: GetKeyMetadataRequest,
  deadline: number,
): Promise<GetKeyMetadataResponse> {
  const { keySpec, keyUsage } = await keyManager.describeKey(newestVersion(key), deadline);
  // A blocked key never gets here: it is answered with InvalidStateException.
  return { keySpec, keyUsage, keyStatus: 'ENABLED' };
}
