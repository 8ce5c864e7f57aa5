import * as member from '../members.ts';
import { operation } from '../operation.ts';
import { dataKeyShape, newDataKey } from './newDataKey.ts';
import { refuseRecipient } from './refuseRecipient.ts';

const shape = dataKeyShape.extend({ Recipient: member.recipient.optional() });

export const generateDataKey = operation(shape, (kms, input, request) => {
  refuseRecipient(input.Recipient);
  return newDataKey(kms, input, 'GenerateDataKey', request);
});
