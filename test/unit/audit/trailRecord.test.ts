import { describe, expect, it } from 'vitest';
import { auditRecord, streamLine, type TrailRecord } from '../../../src/audit/format/trailRecord.ts';

const time = '2026-11-26T19:00:00.000Z';
const form = { base: {}, maxBytes: Infinity };

function recordOf(type: TrailRecord['type'], members: object = {}): TrailRecord {
  return { type, time, level: 'warn', members };
}

describe('auditRecord', () => {
  it('has type and time first, then the members', () => {
    const record = recordOf('request', { keyStore: 'example', operation: undefined, text: 'ä\n"' });
    expect(auditRecord(record)).toBe(`{"type":"request","time":"${time}","keyStore":"example","text":"ä\\n\\""}`);
    expect(auditRecord(recordOf('stop'))).toBe(`{"type":"stop","time":"${time}"}`);
  });

  it('escapes lone surrogates, so that its bytes are its text', () => {
    expect(auditRecord(recordOf('request', { text: 'a\ud83d', '\ude00': 1 }))).toContain(
      '"text":"a\\ud83d","\\ude00":1',
    );
  });
});

describe('streamLine', () => {
  it('begins with level and time like the other lines, and ends with its message', () => {
    const line = streamLine(
      { record: recordOf('request', { keyStore: 'example' }), index: 7 },
      { base: { worker: 2 }, maxBytes: 4_096 },
    );
    expect(line).toBe(`{"level":"warn","time":"${time}","worker":2,"index":7,"keyStore":"example","msg":"request"}\n`);
  });

  it('has no index without an audit log', () => {
    expect(streamLine({ record: recordOf('request'), index: undefined }, form)).toBe(
      `{"level":"warn","time":"${time}","msg":"request"}\n`,
    );
  });

  it.each([
    ['request', 'request'],
    ['omitted', 'requests were omitted'],
    ['correction', 'correction'],
    ['reload', undefined],
    ['admin', undefined],
    ['checkpoint', undefined],
    ['start', undefined],
    ['stop', undefined],
  ] as const)('of a record with type %s is %j', (type, message) => {
    const line = streamLine({ record: recordOf(type), index: undefined }, form);
    expect(line === undefined ? undefined : (JSON.parse(line) as { msg: string }).msg).toBe(message);
  });

  it('is no longer than a shared pipe accepts at once', () => {
    const line = streamLine(
      { record: recordOf('request', { text: '€'.repeat(5_000) }), index: 0 },
      { base: {}, maxBytes: 4_096 },
    );
    expect(Buffer.byteLength(line ?? '')).toBeLessThanOrEqual(4_096);
    expect(JSON.parse(line ?? '')).toMatchObject({
      text: expect.stringMatching(/^€+\.\.\.$/) as string,
      msg: 'request',
    });
  });
});
