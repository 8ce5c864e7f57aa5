import { expect, it } from 'vitest';
import { ask, cedar, CedarFailure } from '../../../src/policy/cedarInstance.ts';
import { PolicyEngine } from '../../../src/policy/policyEngine.ts';
import { requestMetadata } from '../../support/messages.ts';
import { policySetOf } from '../../support/policySetOf.ts';

const ANY = 'permit (principal, action, resource)';
const engine = new PolicyEngine(policySetOf(`@id("any") ${ANY};`));
// Cedar throws instead of refusing it.
const NESTED = `${ANY} when { ${'('.repeat(10_000)}true${')'.repeat(10_000)} };`;
const ALLOWED = { allowed: true, policyIds: ['any'] };

function decide(comment: string) {
  const subject = { api: 'Encrypt' as const, keyStore: 'first', externalKey: { id: 'key', tags: {} } };
  return engine.decide({ ...subject, requestMetadata: { ...requestMetadata, comment } });
}

it('refuses text that is not Unicode without a call, as often as it comes', () => {
  const instance = cedar();
  // Cedar's stack would be full after some 1,700 calls.
  for (let call = 0; call < 5_000; call += 1) {
    expect(decide(`${call}\ud800`)).toEqual({
      allowed: false,
      policyIds: [],
      error: 'a text has an unpaired surrogate, so that it is not Unicode',
    });
  }
  expect(decide('x')).toEqual(ALLOWED);
  expect(cedar()).toBe(instance);
});

it('replaces Cedar after it has failed, and other engines keep their policies', () => {
  expect(decide('before')).toEqual(ALLOWED);
  const instance = cedar();
  expect(() => ask('policyToJson', NESTED)).toThrow(CedarFailure);
  // The instance that has failed would deny every request.
  expect(() => instance.policyToJson(`${ANY};`)).toThrow('memory access out of bounds');
  expect(decide('after')).toEqual(ALLOWED);
  expect(cedar()).not.toBe(instance);
});

it('denies while Cedar is replaced for an engine that was released', () => {
  const released = new PolicyEngine(policySetOf(`@id("any") ${ANY};`));
  released.release();
  expect(() => ask('policyToJson', NESTED)).toThrow(CedarFailure);
  const subject = { api: 'Encrypt' as const, keyStore: 'first', externalKey: { id: 'key', tags: {} }, requestMetadata };
  expect(released.decide(subject)).toEqual({ allowed: false, policyIds: [] });
});
