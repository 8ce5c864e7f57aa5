import * as sdk from '@aws-sdk/client-kms';
import { expect, it } from 'vitest';
import { KMS_OPERATION_NAMES } from '../../../src/kms/api/kmsOperationNames.ts';

it('has the operations of the AWS SDK', () => {
  const commands = Object.keys(sdk).flatMap((name) => /^([A-Z]\w+)Command$/.exec(name)?.[1] ?? []);
  expect(commands.length).toBeGreaterThan(50);
  expect([...KMS_OPERATION_NAMES].sort()).toEqual(commands.sort());
});
