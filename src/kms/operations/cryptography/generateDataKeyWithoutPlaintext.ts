import { operation } from '../operation.ts';
import { dataKeyShape, newDataKey } from './newDataKey.ts';

export const generateDataKeyWithoutPlaintext = operation(dataKeyShape, async (kms, input, request) => {
  const { CiphertextBlob, KeyId } = await newDataKey(kms, input, 'GenerateDataKeyWithoutPlaintext', request);
  return { CiphertextBlob, KeyId };
});
