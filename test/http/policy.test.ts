import { beforeEach, expect, it } from 'vitest';
import { aggregateMetrics } from '../../src/monitoring/metrics/aggregateMetrics.ts';
import { PolicyEngine } from '../../src/policy/policyEngine.ts';
import { policySetOf } from '../support/policySetOf.ts';
import { parseExposition, valueOf } from '../support/exposition.ts';
import { encryptBody, healthMetadata, keyPath, paths, requestMetadata } from '../support/messages.ts';
import { ProxyUnderTest } from '../support/proxyUnderTest.ts';
import { OTHER_PREFIX } from '../support/signedRequest.ts';

const POLICIES = `
@id("alice") permit (principal == User::"arn:aws:iam::123456789012:user/Alice", action, resource);
@id("account") permit (principal in Account::"123456789012", action in [Action::"GetKeyMetadata", Action::"Encrypt"], resource);
@id("not-through-rds") forbid (principal, action, resource)
when { context has kmsViaServiceName && context.kmsViaServiceName == "rds" };
`;

const DENIED = {
  errorName: 'AccessDeniedException',
  errorMessage: 'The policy of the key store does not permit this request.',
};

let proxy: ProxyUnderTest;

beforeEach(() => {
  proxy = new ProxyUnderTest();
  proxy.restrict(new PolicyEngine(policySetOf(POLICIES)));
});

function encrypt(metadata: object = {}) {
  return proxy.post(paths.encrypt, { ...encryptBody, requestMetadata: { ...requestMetadata, ...metadata } });
}

async function decisions(decision: string): Promise<number | undefined> {
  const samples = parseExposition(await aggregateMetrics([await proxy.metrics.snapshot()]));
  return valueOf(samples, 'xks_proxy_policy_decisions_total', { key_store: 'first', decision });
}

it('a request that a policy permits is served, and its record names the policies that permit it', async () => {
  expect((await encrypt()).status).toBe(200);
  expect(proxy.lastLogged?.level).toBe('info');
  expect(proxy.lastLogged?.record['policy']).toEqual({ decision: 'allow', policies: ['account', 'alice'] });
  expect((await proxy.post(paths.metadata, { requestMetadata })).status).toBe(200);
  expect(await decisions('allow')).toBe(2);
});

it('a request that no policy permits is denied, on every API for keys', async () => {
  const mallory = { ...requestMetadata, awsPrincipalArn: 'arn:aws:iam::210987654321:user/Mallory' };
  for (const path of [paths.encrypt, paths.metadata]) {
    const response = await proxy.post(path, { ...encryptBody, requestMetadata: mallory });
    expect(response.status).toBe(403);
    expect(response.body).toEqual(DENIED);
  }
  const sealed = (await encrypt()).body as Readonly<Record<string, string>>;
  const bob = { ...requestMetadata, awsPrincipalArn: 'arn:aws:iam::123456789012:user/Bob' };
  const decryptBody = { ...sealed, encryptionAlgorithm: 'AES_GCM' };
  const denied = await proxy.post(paths.decrypt, { ...decryptBody, requestMetadata: bob });
  expect(denied.status).toBe(403);
  expect(denied.body).toEqual(DENIED);
  expect((await proxy.post(paths.decrypt, { ...decryptBody, requestMetadata })).status).toBe(200);
  expect(await decisions('deny')).toBe(3);
});

it('the record of a denial has the request as the policies saw it', async () => {
  await encrypt({ awsPrincipalArn: 'arn:aws:sts::210987654321:assumed-role/Ops/eve', sourceIdentity: 'eve' });
  expect(proxy.lastLogged).toMatchObject({
    level: 'warn',
    record: { keyStore: 'first', httpStatus: 403, errorName: 'AccessDeniedException', detail: 'no policy permits it' },
  });
  expect(proxy.lastLogged?.record['policy']).toEqual({
    decision: 'deny',
    policies: [],
    request: {
      principal: {
        type: 'AssumedRole',
        arn: 'arn:aws:sts::210987654321:assumed-role/Ops/eve',
        partition: 'aws',
        account: '210987654321',
        name: 'Ops',
        session: 'eve',
      },
      action: 'Encrypt',
      resource: { id: 'foo', keyStore: 'first', tags: {} },
      context: {
        kmsOperation: 'Encrypt',
        kmsKeyArn: requestMetadata.kmsKeyArn,
        kmsKeyAccount: '123456789012',
        kmsKeyRegion: 'us-east-2',
        kmsViaService: 'ebs',
        kmsViaServiceName: 'ebs',
        otherMetadata: { sourceIdentity: 'eve' },
      },
    },
  });
});

it('a forbid overrides permits, and the record names it', async () => {
  const response = await encrypt({ kmsViaService: 'rds.us-east-2.amazonaws.com' });
  expect(response.status).toBe(403);
  expect(response.body).toEqual(DENIED);
  expect(proxy.lastLogged?.record).toMatchObject({
    detail: 'forbidden by not-through-rds',
    policy: { decision: 'deny', policies: ['not-through-rds'] },
  });
});

it('if the engine fails, the request is denied, and the record says so', async () => {
  const response = await encrypt({ comment: '\ud800' });
  expect(response.status).toBe(403);
  expect(response.body).toEqual({
    errorName: 'AccessDeniedException',
    errorMessage: 'The policy of the key store could not be evaluated.',
  });
  expect(proxy.lastLogged?.record).toMatchObject({
    detail: 'the policy engine failed',
    policy: { decision: 'deny', policies: [], error: expect.stringMatching(/./) as string },
  });
  expect(await decisions('error')).toBe(1);
  expect((await encrypt()).status).toBe(200);
});

it('the record of hostile metadata stays small', async () => {
  const fields = Object.fromEntries(
    Array.from({ length: 500 }, (_, index) => [`f${index}${'n'.repeat(50)}`, 'x'.repeat(90)]),
  );
  expect((await encrypt({ ...fields, awsPrincipalArn: 'y'.repeat(20_000) })).status).toBe(403);
  expect(JSON.stringify(proxy.lastLogged?.record['policy']).length).toBeLessThan(15_000);
});

it('the engine is not asked about health checks, missing keys or requests without a credential', async () => {
  expect((await proxy.post(paths.health, { requestMetadata: healthMetadata })).status).toBe(200);
  expect((await proxy.post(keyPath('nope', 'encrypt'), encryptBody)).status).toBe(404);
  const unknown = { credential: proxy.otherCredential };
  expect((await proxy.post(paths.encrypt, encryptBody, unknown)).status).toBe(401);
  for (const { record } of proxy.logged) expect(record['policy']).toBeUndefined();
  expect(await decisions('allow')).toBeUndefined();
  expect(await decisions('deny')).toBeUndefined();
});

it('a policy does not restrict another key store', async () => {
  const other = { credential: proxy.otherCredential };
  const mallory = { ...requestMetadata, awsPrincipalArn: 'arn:aws:iam::210987654321:user/Mallory' };
  const body = { ...encryptBody, requestMetadata: mallory };
  expect((await proxy.post(keyPath('bar', 'encrypt', OTHER_PREFIX), body, other)).status).toBe(200);
});
