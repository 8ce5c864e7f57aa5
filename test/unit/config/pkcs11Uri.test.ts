import { describe, expect, it } from 'vitest';
import { changedConfig, problemsOf } from '../../support/validConfig.ts';

const TOKEN = 'pkcs11:token=My%20token;serial=00aB;slot-id=18446744073709551615?pin-value=hunter2&module-path=/x.so';
const KEY = 'pkcs11:object=pay%2Dments;id=%0A%0b-c;type=secret-key?pin-value=hunter2';
const REFUSAL = 'is a PKCS#11 URI, which is not accepted here; write';
const TOKEN_INSTEAD =
  'token: { label: "My token" } or token: { serial: "00aB" } or token: { slot: "18446744073709551615" }';
const KEY_INSTEAD = 'label: "pay-ments", ckaId: "0a0b2d63"';

function withToken(token: unknown): unknown {
  return changedConfig(({ keyManagers: [manager] }) => {
    if (manager) manager.pkcs11.token = token as object;
  });
}

function withKeys(...keys: unknown[]): unknown {
  return changedConfig(({ keyStores: [store] }) => {
    if (store) store.keys = keys as { id: string }[];
  });
}

describe('a PKCS#11 URI is refused, with the setting to use instead', () => {
  it.each([
    ['token', TOKEN],
    ['token.label', { label: TOKEN }],
    ['token.serial', { serial: TOKEN }],
    ['token.slot', { slot: TOKEN }],
  ])('for a token: %s', (path, token) => {
    expect(problemsOf(withToken(token))).toEqual([`keyManagers[0].pkcs11.${path}: ${REFUSAL} ${TOKEN_INSTEAD}`]);
  });

  it('for the health key', () => {
    const written = changedConfig(({ keyManagers: [manager] }) =>
      Object.assign(manager?.pkcs11 ?? {}, { healthKey: KEY }),
    );
    expect(problemsOf(written)).toEqual([`keyManagers[0].pkcs11.healthKey: ${REFUSAL} ${KEY_INSTEAD}`]);
  });

  it.each([
    ['keys[0]', KEY, ', beside an id of your choice'],
    ['keys[0].id', { id: KEY }, ', beside an id of your choice'],
    ['keys[0].label', { id: 'foo', label: KEY }, ''],
    ['keys[0].ckaId', { id: 'foo', ckaId: KEY }, ''],
    ['keys[0].versions[0]', { id: 'foo', versions: [KEY] }, ''],
    ['keys[0].versions[0].label', { id: 'foo', versions: [{ label: KEY }] }, ''],
    ['keys[0].versions[0].ckaId', { id: 'foo', versions: [{ ckaId: KEY }] }, ''],
  ])('for a key: %s', (path, key, more) => {
    expect(problemsOf(withKeys(key))).toEqual([`keyStores[0].${path}: ${REFUSAL} ${KEY_INSTEAD}${more}`]);
  });
});

const NO_TOKEN = 'token: with one of label, serial, slot';
const NO_KEY = 'the CKA_LABEL as label, or the CKA_ID in hexadecimal as ckaId';

describe('the setting contains all readable parts of the URI', () => {
  it.each([
    ['PKCS11:token=foo', 'token: { label: "foo" }'],
    ['pkcs11:manufacturer=x;serial=%31', 'token: { serial: "1" }'],
    ['pkcs11:', NO_TOKEN],
    ['pkcs11:token=%zz;serial=a=b;slot-id=x', NO_TOKEN],
    // Not UTF-8, and characters that would control a terminal.
    ['pkcs11:token=%ff;serial=%1b%5b2J', NO_TOKEN],
    ['pkcs11:token=%c2%9b', NO_TOKEN],
    ['pkcs11:?token=foo&pin-value=hunter2', NO_TOKEN],
  ])('of a token: %s', (uri, instead) => {
    expect(problemsOf(withToken(uri))).toEqual([`keyManagers[0].pkcs11.token: ${REFUSAL} ${instead}`]);
  });

  it.each([
    ['pkcs11:object=foo', 'label: "foo"'],
    ['pkcs11:id=%00%ff', 'ckaId: "00ff"'],
    ['pkcs11:object=%22a%5c', String.raw`label: "\"a\\"`],
    ['pkcs11:object=', NO_KEY],
    ['pkcs11:id=%0', NO_KEY],
  ])('of a key: %s', (uri, instead) => {
    expect(problemsOf(withKeys({ id: 'foo', label: uri }))).toEqual([
      `keyStores[0].keys[0].label: ${REFUSAL} ${instead}`,
    ]);
  });
});
