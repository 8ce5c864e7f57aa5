import { afterEach, describe, expect, it } from 'vitest';
import { conforms, type ConformanceReport } from '../../src/conformance/report/conformanceReport.ts';
import { textReport } from '../../src/conformance/report/textReport.ts';
import { htmlReport } from '../../src/conformance/report/htmlReport.ts';
import { startFakeXksProxy, type FakeXksProxy } from '../support/fakeXksProxy.ts';
import type { Reply, Steps } from '../support/fakeXksProxySteps.ts';
import { idsWith, runOn } from './runOn.ts';

let fake: FakeXksProxy;
afterEach(() => fake.close());

async function reportOn(steps: Partial<Steps>, names?: string | readonly string[]): Promise<ConformanceReport> {
  fake = await startFakeXksProxy(steps);
  return runOn(fake.target, names);
}

/** Changes the error responses that have this errorName. */
const changing = (errorName: string, change: { status?: number; errorName?: string }): Partial<Steps> => ({
  reply: (reply) => {
    const { status = reply.status, ...fields } = change;
    const body = reply.body as Record<string, unknown> | undefined;
    return body?.['errorName'] === errorName ? { ...reply, status, body: { ...body, ...fields } } : reply;
  },
});

const refusing = (status: number, errorName: string, ...operations: string[]): Partial<Steps> => ({
  reply: (reply, { path }) =>
    reply.status === 200 && operations.some((operation) => path.endsWith(operation))
      ? { ...reply, status, body: { errorName } }
      : reply,
});

describe('one cause is reported as one finding', () => {
  it('for a wrong status of one errorName', async () => {
    const report = await reportOn(changing('ValidationException', { status: 401 }));
    expect(report.causes).toMatchObject([
      { text: 'ValidationException is sent with status 401 instead of 400', must: true },
    ]);
    expect(report.causes[0]?.cases).toEqual(expect.arrayContaining(['encrypt-no-plaintext', 'error-names']));
    expect(report.causes[0]?.consequence).toContain('AuthenticationFailedException');
    const text = textReport(report);
    expect(text.indexOf('ValidationException is sent with status 401')).toBeLessThan(text.indexOf('pass  MUST'));
  });

  it('for errors that are sent with status 200', async () => {
    const report = await reportOn(changing('KeyNotFoundException', { status: 200 }), 'uri-paths');
    expect(report.causes).toMatchObject([
      {
        text: 'KeyNotFoundException is sent with status 200 instead of 404',
        consequence: expect.stringContaining('KMS cannot distinguish KeyNotFoundException from a success') as unknown,
      },
    ]);
  });

  it('for an errorName that a failure of the proxy always replaces', async () => {
    const report = await reportOn(changing('KeyNotFoundException', { status: 500, errorName: 'InternalException' }));
    expect(report.causes[0]).toMatchObject({
      text: 'InternalException is sent instead of KeyNotFoundException',
      consequence: 'KMS cannot distinguish KeyNotFoundException from a fault of the proxy, and retries.',
    });
  });

  it.each<[text: string, section: string, change: (reply: Reply, path: string) => Reply]>([
    [
      'Answers have a Content-Type other than application/json',
      'transport',
      (reply) => ({ ...reply, headers: { 'content-type': 'text/plain' } }),
    ],
    [
      'The ciphertext of answers is not standard Base64',
      'encrypt',
      (reply, path) =>
        path.endsWith('/encrypt') ? { ...reply, body: { ...(reply.body as object), ciphertext: '-' } } : reply,
    ],
    [
      'Decrypt returns a plaintext that differs from the encrypted one',
      'decrypt',
      (reply, path) => (path.endsWith('/decrypt') ? { ...reply, body: { plaintext: 'AAAA' } } : reply),
    ],
    [
      'Answers with status 200 have a body that is not a JSON object',
      'key-metadata',
      (reply, path) => (path.endsWith('/metadata') ? { ...reply, body: [] } : reply),
    ],
  ])('%s', async (text, section, change) => {
    const report = await reportOn(
      { reply: (reply, { path }) => (reply.status === 200 || section === 'transport' ? change(reply, path) : reply) },
      section,
    );
    const cause = report.causes.find((each) => each.text === text);
    expect(cause?.cases.length).toBeGreaterThan(1);
    expect(report.causes.length).toBeLessThanOrEqual(3);
  });

  it('for other spellings of a path that are served', async () => {
    const report = await reportOn(
      { receive: (request) => ({ ...request, path: request.path.replace(/\?.*/, '').replace(/\/$/, '') }) },
      'uri-paths',
    );
    expect(report.causes).toMatchObject([
      {
        text: 'Requests with other spellings of a path are served',
        cases: expect.arrayContaining(['spelling-query', 'spelling-trailing-slash']) as unknown,
      },
    ]);
  });

  it('for optional members that are null', async () => {
    const report = await reportOn({
      reply: (reply, { path }) =>
        reply.status === 200 && path.endsWith('/encrypt')
          ? { ...reply, body: { ciphertextDataIntegrityValue: null, ...(reply.body as object) } }
          : reply,
    });
    expect(idsWith(report, 'fail')).toEqual(['null-members']);
  });
});

describe('if a basic round trip is refused', () => {
  it.each([
    ['AccessDeniedException', 403, 'user/Alice'],
    ['InvalidKeyUsageException', 400, '--key'],
    ['KeyNotFoundException', 404, '--key'],
    ['AuthenticationFailedException', 401, '--secret-file'],
  ])('with %s, the report says why, and its cases are not run', async (errorName, status, advice) => {
    const report = await reportOn(refusing(status, errorName, '/encrypt', '/decrypt'));
    expect(report.refused).toMatchObject({ operation: 'encrypt', status, errorName });
    expect(report.refused?.advice).toContain(advice);
    expect(idsWith(report, 'blocked')).toEqual(expect.arrayContaining(['encrypt', 'round-trip', 'cdiv-with-aad']));
    expect(idsWith(report, 'fail')).toEqual([]);
    expect(conforms(report)).toBe(false);
    expect(htmlReport(report)).toContain('The basic round trip is refused');
  });

  it('because a clock is wrong, the report says by how much', async () => {
    const report = await reportOn(
      {
        reply: (reply, { path }) =>
          path.endsWith('/encrypt')
            ? {
                status: 401,
                headers: { ...reply.headers, date: new Date(Date.now() + 3_600_000).toUTCString() },
                body: { errorName: 'AuthenticationFailedException' },
              }
            : reply,
      },
      'encrypt',
    );
    expect(report.refused?.advice).toMatch(/differ by (359\d|360\d) s: correct them/);
  });

  it('the cases of other operations are still reported', async () => {
    const report = await reportOn(refusing(403, 'AccessDeniedException', '/encrypt', '/metadata'), 'key-metadata');
    expect(idsWith(report, 'fail')).toEqual(['key-spec', 'key-usage', 'key-status']);
    expect(report.causes).toHaveLength(1);
  });
});

it('an answer that does not end fails only its own case', async () => {
  fake = await startFakeXksProxy({
    reply: (reply, { path }) =>
      reply.status === 200 && path.endsWith('/metadata') ? { ...reply, isEndless: true } : reply,
  });
  const { target } = fake;
  const report = await runOn({ ...target, endpoint: { ...target.endpoint, deadlineMs: 1_000 } }, 'key-metadata');
  expect(report.stopped).toBeUndefined();
  expect(report.causes.map(({ text }) => text)).toEqual(['Requests get no answer: no answer within 1000 ms']);
  expect(idsWith(report, 'fail')).toEqual(['key-spec', 'key-usage', 'key-status']);
});

it.each(['/health', '/metadata', '/encrypt'])(
  'an answer of %s that is too large fails only its own cases',
  async (path) => {
    const report = await reportOn(
      {
        reply: (reply, request) =>
          reply.status === 200 && request.path.endsWith(path) ? { ...reply, body: 'x'.repeat(2_000_000) } : reply,
      },
      ['health', 'key-metadata', 'encrypt'],
    );
    expect(report.stopped).toBeUndefined();
    expect(report.causes[0]?.text).toBe('Requests get no answer: an answer of more than 1 MiB');
    expect(idsWith(report, 'pass')).not.toEqual([]);
  },
);
