import { z } from 'zod';
import { keyArn } from '../../arn.ts';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { findKey } from './findKey.ts';

/** Uses are tracked since the local KMS has been started, which is what TrackingStartDate says. */
export const getKeyLastUsage = operation(z.object({ KeyId: member.keyId }), (kms, { KeyId }, request) => {
  const { keyId, creationDate } = findKey(kms, KeyId, { aliases: false }, request);
  const usage = kms.keyUsage.lastOf(keyArn(kms.identity, keyId));
  return {
    KeyId: keyArn(kms.identity, keyId),
    KeyLastUsage: usage && {
      Operation: usage.operation,
      Timestamp: new Date(usage.timestamp),
      CloudTrailEventId: usage.cloudTrailEventId,
      KmsRequestId: usage.kmsRequestId,
    },
    TrackingStartDate: new Date(Math.max(kms.keyUsage.trackingStartDate, creationDate)),
    KeyCreationDate: new Date(creationDate),
  };
});
