import { describe, expect, it } from 'vitest';
import { findCauses } from '../../../src/conformance/causes.ts';
import type { CaseResult } from '../../../src/conformance/conformanceCase.ts';
import { conforms, type ConformanceReport } from '../../../src/conformance/report/conformanceReport.ts';
import { formatMs, formatShare } from '../../../src/pages/formatFigures.ts';
import { htmlReport } from '../../../src/conformance/report/htmlReport.ts';
import { binLatencies } from '../../../src/report/latencyHistogram.ts';
import { textReport } from '../../../src/conformance/report/textReport.ts';
import { summarize } from '../../../src/conformance/timing.ts';

const HOSTILE = `<script>alert("1")</script>&'`;

const result: CaseResult = {
  id: 'key-spec',
  section: 'key-metadata',
  level: 'MUST',
  title: 'keySpec',
  outcome: 'fail',
  expected: 'AES_256',
  got: HOSTILE,
  exchanges: [{ sent: HOSTILE, got: HOSTILE }],
  durationMs: 1.234,
};

function reportOf(results: readonly CaseResult[], stopped?: string): ConformanceReport {
  return {
    target: { endpoint: 'https://xks.example.com', uriPath: '/p/kms/xks/v1', keyId: 'foo', region: 'us-east-1' },
    startedAt: '2026-01-02T03:04:05.000Z',
    durationMs: 1_500,
    stopped,
    refused: undefined,
    causes: findCauses(results),
    sections: [{ name: 'key-metadata', title: 'GetKeyMetadata', source: 'Specification', results }],
    timings: [summarize('encrypt', [1, 2, 300], 0)],
  };
}

describe('conforms', () => {
  it.each<[string, ConformanceReport, boolean]>([
    ['everything passed', reportOf([{ ...result, outcome: 'pass' }]), true],
    ['a SHOULD failed', reportOf([{ ...result, level: 'SHOULD' }]), true],
    ['a MUST was not run', reportOf([{ ...result, outcome: 'skipped' }]), true],
    ['a MUST was blocked', reportOf([{ ...result, outcome: 'blocked' }]), false],
    ['a MUST failed', reportOf([result]), false],
    ['the proxy died', reportOf([], 'The proxy no longer answers.'), false],
  ])('%s', (_title, report, expected) => {
    expect(conforms(report)).toBe(expected);
  });
});

describe('htmlReport', () => {
  const page = htmlReport(reportOf([result]));

  it('escapes text from the target', () => {
    expect(page).not.toContain('<script');
    expect(page).toContain('&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62;&#38;&#39;');
  });

  it('loads nothing from elsewhere', () => {
    expect(page).not.toMatch(/(src|href)="(?!#)|url\(|@import/);
  });

  it('leads with the verdict', () => {
    expect(page).toContain('1 of 1 MUST cases fail');
    expect(htmlReport(reportOf([{ ...result, outcome: 'pass' }]))).toContain('All 1 MUST cases that were run pass');
  });
});

it('textReport shows the request, the expectation and the answer', () => {
  expect(textReport(reportOf([result], 'The proxy no longer answers.'))).toBe(`\
Conformance of https://xks.example.com/p/kms/xks/v1, key foo, 2026-01-02T03:04:05.000Z

Causes of failures, the worst first
  1. MUST  Broken rule "keySpec": ${HOSTILE}, in 1 case
     KMS relies on this rule of the specification. Change the answers to follow it.

GetKeyMetadata  (Specification)
  FAIL  MUST    key-spec: keySpec
        sent      ${HOSTILE}
        expected  AES_256
        got       ${HOSTILE}

operation      requests       failed          p50          p99          max  over 250 ms
encrypt               3            0      2.00 ms       300 ms       300 ms         33 %

           pass     fail  not run  skipped
MUST          0        1        0        0
SHOULD        0        0        0        0
The proxy no longer answers.
The proxy does not conform.`);
});

it('binLatencies puts each sample between its bounds, and extremes into the outermost bins', () => {
  const bins = binLatencies([0.001, 1.1, 1.1, 60_000]).filter(({ count }) => count > 0);
  expect(bins.map(({ count }) => count)).toEqual([1, 2, 1]);
  expect(bins.map(({ fromMs, toMs }) => [formatMs(fromMs), formatMs(toMs)])).toEqual([
    ['0.10 ms', '0.13 ms'],
    ['1.00 ms', '1.26 ms'],
    ['7943 ms', '10000 ms'],
  ]);
});

it('formats figures with three digits', () => {
  expect([0.8512, 12.34, 251.2].map(formatMs)).toEqual(['0.85 ms', '12.3 ms', '251 ms']);
  expect([0, 0.005, 0.12, 1].map(formatShare)).toEqual(['0 %', '0.5 %', '12 %', '100 %']);
});
