import { afterEach, describe, expect, it } from 'vitest';
import { conforms } from '../../src/conformance/report/conformanceReport.ts';
import { NoAnswer } from '../../src/xksClient/sendRequest.ts';
import { testCertificates } from '../support/certificates.ts';
import { startFakeXksProxy, type FakeXksProxy } from '../support/fakeXksProxy.ts';
import type { Steps } from '../support/fakeXksProxySteps.ts';
import { opensslCertificate } from '../support/opensslCertificate.ts';
import { overTls, SERVER_TLS } from './overTls.ts';
import { idsWith, resultsOf, runOn } from './runOn.ts';

let fake: FakeXksProxy;
afterEach(() => fake.close());

const start = async (steps: Partial<Steps>) => (fake = await startFakeXksProxy(steps)).target;

describe('a proxy that', () => {
  it('does not answer fails its case at the deadline', async () => {
    const { endpoint, ...target } = await start({
      reply: (reply, { path }) => (path.endsWith('/metadata') ? undefined : reply),
    });
    const report = await runOn({ ...target, endpoint: { ...endpoint, deadlineMs: 2_000 } }, 'key-metadata');
    expect(resultsOf(report).map(({ outcome, got }) => [outcome, got])).toEqual(
      Array(3).fill(['fail', 'no answer within 2000 ms']),
    );
  });

  it('dies ends the run and does not conform', async () => {
    const target = await start({
      reply: (reply, { body }) => {
        if (body.length < 80_000 || body.length > 100_000) return reply;
        void fake.close();
        return undefined;
      },
    });
    const report = await runOn(target, 'limits', 1);
    expect(report.stopped).toBe('The proxy has not answered since the case endless-aad-encrypt.');
    expect(idsWith(report, 'fail')).toEqual(['endless-aad-encrypt']);
    expect(resultsOf(report).find(({ id }) => id === 'endless-aad-decrypt')).toMatchObject({
      outcome: 'skipped',
      got: 'the proxy no longer answers',
    });
    expect(report.timings).toHaveLength(4);
    expect(conforms(report)).toBe(false);
  });

  it('does not listen cannot be tested', async () => {
    const target = await start({});
    await fake.close();
    await expect(runOn(target)).rejects.toThrow(new NoAnswer('connection refused'));
  });

  it('sends an endless answer is cut off', async () => {
    const target = await start({
      reply: (reply, { path }) => (path.endsWith('/metadata') ? { ...reply, body: 'x'.repeat(2_000_000) } : reply),
    });
    const report = await runOn(target, 'key-metadata');
    expect(resultsOf(report)[0]).toMatchObject({ outcome: 'fail', got: 'an answer of more than 1 MiB' });
  });
});

describe('over TLS, the suite', () => {
  it('reports an untrusted certificate as an unreachable proxy', async () => {
    fake = await startFakeXksProxy({}, SERVER_TLS);
    await expect(runOn(fake.target)).rejects.toThrow(NoAnswer);
  });

  it('reports a key on a curve with which Node.js crashes as an unreachable proxy', async () => {
    const newKey = 'ec -pkeyopt ec_paramgen_curve:brainpoolP256r1';
    const pair = opensslCertificate({
      newKey,
      issuer: testCertificates.ca,
      extensions: ['subjectAltName=DNS:localhost'],
    });
    fake = await startFakeXksProxy({}, { cert: pair.certificate, key: pair.privateKey });
    await expect(runOn(overTls(fake.target))).rejects.toThrow(NoAnswer);
  });
});
