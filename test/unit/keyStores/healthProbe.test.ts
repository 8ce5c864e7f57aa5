import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GUARD_DURATIONS } from '../../../src/keyStores/guardDurations.ts';
import { HealthProbe, type Finding } from '../../../src/keyStores/healthProbe.ts';
import { XksError } from '../../../src/xks/errors.ts';
import { InMemoryKeyManager } from '../../support/inMemoryKeyManager.ts';

const description = { id: 'memory-1', vendor: 'tests', model: 'in memory 1.0' };
const broken = new XksError('InternalException', 'broken', { detail: 'CKR_DEVICE_ERROR' });
const busy = new XksError('ThrottlingException', 'busy');

let keyManager: InMemoryKeyManager;
let now: number;
let findings: Finding[];
let probe: HealthProbe;

beforeEach(() => {
  keyManager = new InMemoryKeyManager().addKey('xks-health');
  now = 0;
  findings = [];
  probe = new HealthProbe({
    keyManager,
    clock: () => now,
    durations: GUARD_DURATIONS,
    onFinding: (finding) => findings.push(finding),
    // These tests request each probe.
    pauseMs: () => 1_000_000,
  });
});

afterEach(() => {
  probe.stop();
});

it('has no finding before the first probe ends', () => {
  expect(probe.finding).toEqual({ is: 'unknown' });
  expect(probe.description).toBeUndefined();
});

it('passes after a round trip with the health key, and keeps the description of the key manager', async () => {
  await probe.start();
  expect(probe.finding).toEqual({ is: 'passed', at: 0, passedAt: 0, description });
  expect(probe.description).toEqual(description);
  expect(keyManager.encrypted).toHaveLength(1);
});

it('has no finding if its last one is older than a minute', async () => {
  await probe.start();
  now = 60_000;
  expect(probe.finding.is).toBe('passed');
  now = 60_001;
  expect(probe.finding).toEqual({ is: 'unknown' });
  expect(probe.description).toEqual(description);
});

it('reports its duration', async () => {
  const checkHealth = keyManager.checkHealth.bind(keyManager);
  keyManager.checkHealth = () => {
    now += 101;
    return checkHealth();
  };
  await probe.start();
  expect(probe.finding).toMatchObject({ is: 'passed', at: 0, passedAt: 101 });
});

it('is busy if no session is free, and has failed if none has been for 30 seconds', async () => {
  await probe.start();
  keyManager.failure = busy;
  now = 30_000;
  await probe.start();
  expect(probe.finding).toEqual({ is: 'busy', at: 30_000, passedAt: 0, description, detail: 'busy' });
  now = 30_001;
  await probe.start();
  expect(probe.finding).toMatchObject({ is: 'failed', passedAt: 0, inARow: 1 });
});

it('has failed if no session was ever free', async () => {
  keyManager.failure = busy;
  await probe.start();
  expect(probe.finding).toMatchObject({ is: 'failed', passedAt: undefined });
});

it.each([
  ['fails', () => (keyManager.failure = broken), /^broken \(CKR_DEVICE_ERROR\)$/],
  ['lacks the health key', () => keyManager.keys.delete('xks-health'), /./],
  ['decrypts to something else', () => (keyManager.decrypt = () => Promise.resolve(Buffer.alloc(32))), /./],
  ['throws an unexpected error', () => (keyManager.failure = new TypeError('secret')), /^TypeError at (?!.*secret)/],
])('has failed when the key manager %s', async (_how, spoil, detail) => {
  await probe.start();
  spoil();
  await probe.start();
  expect(findings.at(-1)).toMatchObject({ is: 'failed', inARow: 1, detail: expect.stringMatching(detail) as string });
  expect(probe.description).toEqual(description);
});

describe('the key manager is lost', () => {
  it('before the first probe, not after one that passes', async () => {
    expect(probe.isLost).toBe(true);
    await probe.start();
    expect(probe.isLost).toBe(false);
  });

  it('if it has never passed', async () => {
    keyManager.failure = broken;
    await probe.start();
    expect(probe.isLost).toBe(true);
  });

  it('after two probes that failed in a row, until one passes', async () => {
    await probe.start();
    for (const failure of [broken, undefined, broken]) {
      keyManager.failure = failure;
      await probe.start();
      expect(probe.isLost).toBe(false);
    }
    await probe.start();
    expect(probe.isLost).toBe(true);
    keyManager.failure = undefined;
    await probe.start();
    expect(probe.isLost).toBe(false);
  });

  it('not while it is busy', async () => {
    await probe.start();
    keyManager.failure = busy;
    for (let probes = 0; probes < 3; probes += 1) {
      await probe.start();
      expect(probe.isLost).toBe(false);
    }
  });

  it('if its probes do not return', async () => {
    await probe.start();
    now = 60_001;
    expect(probe.isLost).toBe(true);
  });
});
