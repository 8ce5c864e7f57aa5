import assert from 'node:assert/strict';
import { Correspondence } from '../../../src/kms/replay/correspondence.ts';
import { readRecording, RecordingFailure } from '../../../src/kms/replay/recording.ts';
import type { FuzzTarget } from '../fuzzTarget.ts';
import { withFile } from '../withFile.ts';

const ARN = 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const LOCAL_ARN = ARN.replace('us-east-1', 'eu-west-1');

/** A recording of calls to AWS KMS for a replay. No control character of it is printed. */
export const target: FuzzTarget = {
  maxBytes: 65_536,
  seeds: [
    { operation: 'ListKeys', input: {}, output: { Keys: [{ KeyId: ARN.slice(-36), KeyArn: ARN }] } },
    {
      operation: 'Encrypt',
      input: { KeyId: ARN, Plaintext: 'AAAA' },
      error: { name: 'NotFoundException', message: ARN },
    },
    { operation: 'Open', input: [], output: {}, error: {} },
  ].map((call) => `${JSON.stringify(call)}\n`),
  words: ['{"operation":"', '"input":{', '"output":{', '"error":{"name":"', '"__proto__":', '[[', '\\u001b', '}\n{'],
  check: (input) => {
    withFile(input, checkRecording);
  },
};

function checkRecording(file: string): void {
  try {
    for (const { input: recorded, output } of readRecording(file)) {
      const correspondence = new Correspondence([[ARN, LOCAL_ARN]]);
      const local = JSON.stringify(correspondence.toLocalInput(recorded));
      const expected: unknown = JSON.parse(JSON.stringify(recorded), (_name, value: unknown) =>
        typeof value === 'string' ? value.replaceAll(ARN, LOCAL_ARN) : value,
      );
      assert.equal(local, JSON.stringify(expected));
      correspondence.toLocal(output);
    }
  } catch (error) {
    if (!(error instanceof RecordingFailure)) throw error;
    assert.doesNotMatch(error.message, /(?!\n)\p{C}/u);
  }
}
