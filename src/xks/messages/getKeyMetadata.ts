import type { MessageType } from './messageType.ts';

/** Spec, "GetKeyMetadata". kmsKeyArn is absent when KMS creates the key. */
export const getKeyMetadataRequest: MessageType<object> = { requiredMetadata: ['awsPrincipalArn'], parse: () => ({}) };

export interface GetKeyMetadataResponse {
  readonly keySpec: string;
  /** At most 10 values. */
  readonly keyUsage: readonly string[];
  readonly keyStatus: 'ENABLED' | 'DISABLED';
}
