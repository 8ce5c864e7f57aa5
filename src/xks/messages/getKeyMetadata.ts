import type { MessageType } from './messageType.ts';

/** Has no fields but requestMetadata. The name of the API distinguishes the type from others without fields. */
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
