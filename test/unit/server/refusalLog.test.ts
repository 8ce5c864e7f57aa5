import { expect, it } from 'vitest';
import { refusalLog } from '../../../src/server/refusalLog.ts';

const refusal = {
  remoteAddress: '127.0.0.1',
  reason: 'client certificate: another CN',
  commonName: 'x',
  routine: false,
};

function logging() {
  const lines: object[] = [];
  const clock = { now: 0 };
  const log = refusalLog(
    {
      debug: (record) => lines.push({ level: 'debug', ...record }),
      warn: (record) => lines.push({ level: 'warn', ...record }),
    },
    () => clock.now,
  );
  return { lines, clock, log };
}

it('logs the known facts about a refused connection', () => {
  const { lines, log } = logging();
  log(refusal);
  expect(lines).toEqual([
    { level: 'warn', remoteAddress: '127.0.0.1', reason: 'client certificate: another CN', commonName: 'x' },
  ]);
});

it('gives no warning about routine refusals', () => {
  const { lines, log } = logging();
  log({ remoteAddress: '127.0.0.1', reason: 'ECONNRESET', routine: true });
  expect(lines).toMatchObject([{ level: 'debug', reason: 'ECONNRESET' }]);
});

it('writes 50 lines at once, then 5 a second, and says how many were dropped', () => {
  const { lines, clock, log } = logging();
  for (let count = 0; count < 1_000; count += 1) log(refusal);
  expect(lines).toHaveLength(50);
  clock.now += 200;
  for (let count = 0; count < 1_000; count += 1) log(refusal);
  expect(lines).toHaveLength(51);
  expect(lines.at(-1)).toMatchObject({ omitted: 950 });
  clock.now += 200;
  log(refusal);
  expect(lines.at(-1)).toMatchObject({ omitted: 999 });
});
