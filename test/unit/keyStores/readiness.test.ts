import { expect, it } from 'vitest';
import { judgeReadiness } from '../../../src/keyStores/readiness.ts';
import type { KeyStore } from '../../../src/keyStores/keyStore.ts';
import { InMemoryKeyManager } from '../../support/inMemoryKeyManager.ts';

function keyStore(name: string, ...lost: readonly boolean[]): KeyStore {
  const keyManagers = lost.map((isLost) => ({
    keyManager: new InMemoryKeyManager(),
    health: () => ({ name: 'in-memory', healthStatus: 'UNAVAILABLE' as const, description: undefined }),
    changes: () => [],
    isLost: () => isLost,
    isLeftOut: () => false,
    succeeded: () => undefined,
    failed: () => undefined,
  }));
  return { name, status: 'enabled', uriPathPrefix: '', credentials: new Map(), keys: new Map(), keyManagers };
}

it('is ready while one key manager of one key store serves', () => {
  expect(judgeReadiness('serving', [keyStore('a', false)])).toEqual({ ready: true, problems: [] });
  expect(judgeReadiness('serving', [keyStore('a', true, false)])).toEqual({ ready: true, problems: [] });
  expect(judgeReadiness('serving', [keyStore('a', true, true), keyStore('b', false)])).toEqual({
    ready: true,
    problems: ['no key manager of key store a can serve'],
  });
  expect(judgeReadiness('serving', [keyStore('a', true), keyStore('b', true)])).toEqual({
    ready: false,
    problems: ['no key manager of key store a can serve', 'no key manager of key store b can serve'],
  });
});

it('is not ready without a key store, before it listens, or while it drains', () => {
  expect(judgeReadiness('serving', []).ready).toBe(false);
  for (const phase of ['starting', 'draining'] as const)
    expect(judgeReadiness(phase, [keyStore('a', false)])).toEqual({ ready: false, problems: [phase] });
});
