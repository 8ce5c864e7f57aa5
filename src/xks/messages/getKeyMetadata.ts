import type { MessageType } from './messageType.ts';

/** Nothing but requestMetadata. The name of the API keeps the type apart from others of no members. */
export interface GetKeyMetadataRequest {
  readonly api: 'GetKeyMetadata';
}

/** Spec, "GetKeyMetadata". kmsKeyArn is absent when KMS creates the key. */
export const getKeyMetadataRequest: MessageType<GetKeyMetadataRequest> = {
  requiredMetadata: ['awsPrincipalArn'],
  parse: () => ({ api: 'GetKeyMetadata' }),
};

export interface GetKeyMetadataResponse {
  readonly keySpec: string;
  /** At most 10 values. */
  readonly keyUsage: readonly string[];
  readonly keyStatus: 'ENABLED' | 'DISABLED';
}
