import type { RequestListener } from 'node:http';
import request from 'supertest';
import { createKmsApp } from '../../src/kms/api/kmsApp.ts';
import { servicesWith } from '../../src/kms/api/services.ts';
import { EventTrail } from '../../src/kms/events/eventTrail.ts';
import type { Operation } from '../../src/kms/operations/operation.ts';
import { LocalKmsUnderTest } from './localKmsUnderTest.ts';

export const ACCESS_KEY_ID = 'AKIAIOSFODNN7EXAMPLE';
export const ALICE = 'arn:aws:iam::111122223333:user/Alice';
export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** An Authorization header with the given parts. No test checks its signature. */
export function authorization({
  accessKeyId = ACCESS_KEY_ID,
  scope = '20260101/us-east-1/kms/aws4_request',
  signedHeaders = 'host;x-amz-date',
  signature = 'ab'.repeat(32),
} = {}): string {
  return `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
}

/** Headers that any SDK sends with its calls. */
export const HEADERS: Readonly<Record<string, string>> = {
  'Content-Type': 'application/x-amz-json-1.1',
  'X-Amz-Date': '20260101T000000Z',
  Authorization: authorization(),
};

/** The API of a local KMS with the given operations. All access keys belong to Alice. */
export class KmsAppUnderTest {
  readonly kms = new LocalKmsUnderTest();
  readonly events = new EventTrail();
  readonly logged: { level: string; record: object; message: string }[] = [];
  metrics = (): Promise<string> => Promise.resolve('# TYPE x counter\nx 1\n');
  readonly listener: RequestListener;

  constructor(operations: Readonly<Record<string, Operation>>) {
    const take = (level: string) => (record: object, message: string) => {
      this.logged.push({ level, record, message });
    };
    const log = { info: take('info'), warn: take('warn'), error: take('error') };
    this.listener = createKmsApp({
      kms: this.kms,
      services: servicesWith({ kms: operations, cloudHsm: operations }),
      callerOf: (accessKeyId) => ({ awsPrincipalArn: accessKeyId === ACCESS_KEY_ID ? ALICE : accessKeyId }),
      log,
      events: this.events,
      metrics: () => this.metrics(),
      console: { caller: undefined, admitCall: () => undefined, answer: () => Promise.reject(new Error('none')) },
    });
  }

  /** Calls an operation. `headers` are added, or removed if undefined. */
  call(operationName: string, body: string | Buffer | object, headers: Record<string, string | undefined> = {}) {
    const all: Record<string, string | undefined> = {
      ...HEADERS,
      'X-Amz-Target': `TrentService.${operationName}`,
      ...headers,
    };
    const sent = Object.entries(all).filter((header): header is [string, string] => header[1] !== undefined);
    return request(this.listener)
      .post('/')
      .set(Object.fromEntries(sent))
      .buffer(true)
      .serialize((text: string) => text)
      .send(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body));
  }
}
