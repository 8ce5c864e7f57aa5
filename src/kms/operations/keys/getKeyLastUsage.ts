import { z } from 'zod';
import { keyArn } from '../../arn.ts';
import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { findKey } from './findKey.ts';

/** Returns the last use of a key. Uses are tracked since the start of the local KMS, which TrackingStartDate shows. */
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
