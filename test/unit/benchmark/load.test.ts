import { createServer, type RequestListener } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { runLoad } from '../../../src/benchmark/load.ts';
import { prepareRequests } from '../../../src/benchmark/prepareRequests.ts';
import { newCredential } from '../../../src/sigv4/newCredential.ts';
import type { Target } from '../../../src/xksClient/target.ts';
import { listenLocally } from '../../support/listenLocally.ts';

const REQUESTS = 50;
const TOO_LARGE = Buffer.alloc(1_048_577, ' ');

function targetOn(port: number, deadlineMs: number): Target {
  return {
    endpoint: {
      url: new URL(`http://127.0.0.1:${port}`),
      connectTo: undefined,
      tls: { ca: undefined, cert: undefined, key: undefined },
      deadlineMs,
    },
    keyStore: { uriPath: '/kms/xks/v1', credential: newCredential(), keyId: 'foo' },
    secondKeyStore: undefined,
    region: 'us-east-1',
    keys: { encryptOnly: undefined, decryptOnly: undefined, noUsage: undefined, blocked: undefined },
    principalArn: 'arn:aws:iam::123456789012:user/Alice',
    kmsKeyArn: 'arn:aws:kms:us-east-1:123456789012:key/fake',
    clock: Date.now,
  };
}

/** The failures of a load on a proxy that gives this answer. */
async function failuresOf(answer: RequestListener, deadlineMs = 60_000) {
  const proxy = await listenLocally(createServer(answer));
  const target = targetOn(proxy.port, deadlineMs);
  const requests = await prepareRequests(target, ['health']);
  const options = { rate: REQUESTS, seconds: 1, connections: 4, stop: new AbortController().signal };
  const { failures } = await runLoad(target, requests, options);
  await proxy.close();
  return failures;
}

async function trickle(...[, res]: Parameters<RequestListener>): Promise<void> {
  res.writeHead(200);
  while (res.writable) {
    res.write(' ');
    await sleep(20);
  }
}

it('counts an answer that trickles forever as a failure, and sends no request that waits for its connection', async () => {
  const failures = await failuresOf((req, res) => void trickle(req, res), 1_000);
  const {
    'no answer within 1000 ms': unanswered = 0,
    'no free connection within 1000 ms': unsent = 0,
    ...others
  } = failures;
  expect(others).toEqual({});
  expect(unanswered).toBeGreaterThan(0);
  expect(unsent).toBeGreaterThan(0);
  expect(unanswered + unsent).toBe(REQUESTS);
});

it('ends at once when it is stopped, although the proxy hangs', async () => {
  let answers = 0;
  const stop = new AbortController();
  const proxy = await listenLocally(
    createServer((_, res) => {
      answers += 1;
      if (answers <= 4) res.end('{}');
      else stop.abort(new Error('stopped'));
    }),
  );
  const target = targetOn(proxy.port, 600_000);
  const requests = await prepareRequests(target, ['health']);
  const running = runLoad(target, requests, { rate: 1, seconds: 100, connections: 4, stop: stop.signal });
  await expect(running).rejects.toThrow('stopped');
  await proxy.close();
});

it.each<[string, RequestListener, string]>([
  ['is large', (_, res) => res.end(TOO_LARGE), 'an answer of more than 1 MiB'],
  ['is null', (_, res) => res.end('null'), '200 without a JSON object'],
  ['is a list', (_, res) => res.end('[]'), '200 without a JSON object'],
  [
    'would act on a terminal',
    (_, res) => res.writeHead(400).end('{"errorName": "\\u001b]0;title\\u0007\\nAt 50"}'),
    '400 without an errorName',
  ],
])('counts an answer that %s as a failure', async (_what, answer, failure) => {
  expect(await failuresOf(answer)).toEqual({ [failure]: REQUESTS });
});

it('counts an unlimited variety of errors under a few names', async () => {
  let count = 0;
  const failures = await failuresOf((_, res) => {
    count += 1;
    res.writeHead(400).end(JSON.stringify({ errorName: 'E'.repeat(count) }));
  });
  expect(Object.keys(failures)).toHaveLength(21);
  expect(failures['other failures']).toBe(REQUESTS - 20);
});
