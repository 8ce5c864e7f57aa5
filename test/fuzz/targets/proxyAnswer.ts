import assert from 'node:assert/strict';
import { AnswerReader, type RawAnswer } from '../../../src/benchmark/answerReader.ts';
import {
  readCiphertext,
  readHealthStatus,
  readKeyMetadata,
  readPlaintext,
  requireEkm,
} from '../../../src/kms/xksProxy/readAnswer.ts';
import { XksProxyFailure } from '../../../src/kms/xksProxy/xksProxyFailure.ts';
import { base64 } from '../../support/messages.ts';
import type { FuzzTarget } from '../fuzzTarget.ts';

const HEALTH = {
  xksProxyFleetSize: 1,
  xksProxyVendor: 'v',
  xksProxyModel: 'm',
  ekmVendor: 'e',
  ekmFleetDetails: [{ id: '1', model: 'm', healthStatus: 'ACTIVE' }],
};
const ENCRYPTED = {
  ciphertext: base64(3),
  initializationVector: base64(12),
  authenticationTag: base64(16),
  ciphertextMetadata: base64(9),
  ciphertextDataIntegrityValue: base64(32),
};
const BODIES = [
  HEALTH,
  { keySpec: 'AES_256', keyUsage: ['ENCRYPT'], keyStatus: 'ENABLED' },
  ENCRYPTED,
  { plaintext: base64(3) },
  { errorName: 'KeyNotFoundException', errorMessage: 'no such key' },
].map((body) => JSON.stringify(body));

function httpAnswer(body: string): string {
  const status = body.includes('errorName') ? '404 Not Found' : '200 OK';
  return `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** The answer of any XKS proxy, as the benchmark and the local KMS read it. */
export const target: FuzzTarget = {
  maxBytes: 65_536,
  seeds: [
    ...BODIES.map(httpAnswer),
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\nA: b\r\n\r\n',
  ],
  words: [
    'HTTP/1.1 ',
    '\r\n\r\n',
    '\r\nContent-Length: ',
    '\r\nTransfer-Encoding: chunked',
    '\r\nConnection: close',
    '"healthStatus":"',
  ],
  check: (input) => {
    const answer = readWhole([input]);
    // The result is the same if the answer comes in two pieces.
    const middle = Math.floor(input.length / 2);
    assert.deepEqual(readWhole([input.subarray(0, middle), input.subarray(middle)]), answer);
    readAsKms(answer?.status ?? 200, answer?.body ?? input);
  },
};

/** The first answer of a connection, or undefined if there is none or it is refused. */
function readWhole(chunks: readonly Buffer[]): RawAnswer | undefined {
  const reader = new AnswerReader();
  try {
    for (const chunk of chunks) {
      const answer = reader.push(chunk);
      if (answer) return answer;
    }
    return reader.end();
  } catch (error) {
    assert.match((error as Error).message, /^an answer /);
    return undefined;
  }
}

function readAsKms(status: number, body: Buffer): void {
  const answer = { status, contentType: 'application/json', body };
  const input = Buffer.alloc(3);
  const readers = [
    () => {
      requireEkm(readHealthStatus(answer));
    },
    () => readKeyMetadata(answer),
    () => readCiphertext(answer, input, Buffer.alloc(0)),
    () => {
      assert.equal(readPlaintext(answer, input).length, input.length);
    },
  ];
  for (const read of readers) {
    try {
      read();
    } catch (error) {
      if (!(error instanceof XksProxyFailure)) throw error;
      assert.match(error.detail, /^[\x20-\x7e]{0,512}$/);
    }
  }
}
