import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { connectionLimit, TooFewDescriptors } from '../../../src/server/connectionLimit.ts';

type Limited = Parameters<typeof connectionLimit>[0];

const config = (...sessions: readonly number[]): Limited => {
  return { keyManagers: sessions.map((each) => ({ pkcs11: { sessions: each } })) as unknown as Limited['keyManagers'] };
};

describe('connectionLimit', () => {
  it('is 1,000 if the system allows a process many open files', () => {
    for (const openFiles of [Infinity, 65_536, 1_104]) expect(connectionLimit(config(8), { openFiles })).toBe(1_000);
  });

  it('reserves open files for the process, for each session of each key manager, for workers and for monitoring', () => {
    expect(connectionLimit(config(8), { openFiles: 256 })).toBe(256 - 64 - 40);
    expect(connectionLimit(config(8, 16), { openFiles: 256 })).toBe(256 - 64 - 40 - 72);
    expect(connectionLimit(config(8), { openFiles: 256, workers: 4 })).toBe(256 - 64 - 40 - 20);
    expect(
      connectionLimit(
        { ...config(8), monitoring: { host: '', port: 0, status: false, statusHosts: [] } },
        { openFiles: 256 },
      ),
    ).toBe(256 - 64 - 40 - 64);
  });

  it('fails if it would be less than 16', () => {
    expect(connectionLimit(config(8), { openFiles: 120 })).toBe(16);
    expect(() => connectionLimit(config(8), { openFiles: 119 })).toThrow(
      new TooFewDescriptors(
        'the limit of open files is 119, and 104 are needed beside connections: raise it (ulimit -n) to at least 120',
      ),
    );
  });

  it.each([300, 2_000])('is read from the system, here for %i open files', (openFiles) => {
    const script = `
      const { connectionLimit } = await import('${import.meta.resolve('../../../src/server/connectionLimit.ts')}');
      console.log(connectionLimit({ keyManagers: [] }));
    `;
    const args = [
      '-c',
      `ulimit -n ${openFiles}; exec "$@"`,
      'sh',
      process.execPath,
      '--input-type=module',
      '-e',
      script,
    ];
    expect(Number(execFileSync('sh', args, { encoding: 'utf8' }))).toBe(Math.min(openFiles - 64, 1_000));
  });
});
