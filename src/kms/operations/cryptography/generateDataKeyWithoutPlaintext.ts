import { operation } from '../operation.ts';
import { dataKeyShape, newDataKey } from './newDataKey.ts';

export const generateDataKeyWithoutPlaintext = operation(dataKeyShape, async (kms, input, request) => {
  const output = await newDataKey(kms, input, 'GenerateDataKeyWithoutPlaintext', request);
  const { CiphertextBlob, KeyId, KeyMaterialId } = output;
  return { CiphertextBlob, KeyId, KeyMaterialId };
});
