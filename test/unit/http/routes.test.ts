import { expect, it } from 'vitest';
import type { Messages } from '../../../src/app.ts';
import type { Exchange } from '../../../src/http/exchange.ts';
import { findKey } from '../../../src/http/findKey.ts';
import { answer, operate } from '../../../src/http/operate.ts';
import { parseMessage } from '../../../src/http/parseMessage.ts';
import { follow, type Routes } from '../../../src/http/routes.ts';
import { decrypt } from '../../../src/operations/decrypt.ts';
import { encrypt } from '../../../src/operations/encrypt.ts';
import { newestVersion, type ExternalKey } from '../../../src/operations/externalKey.ts';
import { getKeyMetadata } from '../../../src/operations/getKeyMetadata.ts';
import { decryptRequest, type DecryptRequest } from '../../../src/xks/messages/decrypt.ts';
import { encryptRequest } from '../../../src/xks/messages/encrypt.ts';
import { getHealthStatusRequest } from '../../../src/xks/messages/getHealthStatus.ts';
import { getKeyMetadataRequest } from '../../../src/xks/messages/getKeyMetadata.ts';

// tsc checks these assertions: each line below an expected error compiles in no other way.

/** A route of this API only. */
type Route<Api extends keyof Messages> = Routes<Messages>[Api];

const versionOfDecrypt = (key: ExternalKey, _message: DecryptRequest) => newestVersion(key);

it('a parser and an operation for one message form a route, with steps for any message', () => {
  const health: Route<'GetHealthStatus'> = [parseMessage(getHealthStatusRequest), answer(() => ({}))];
  const metadata: Route<'GetKeyMetadata'> = [
    parseMessage(getKeyMetadataRequest),
    findKey,
    operate(getKeyMetadata, newestVersion),
  ];
  const encryption: Route<'Encrypt'> = [parseMessage(encryptRequest), findKey, operate(encrypt, newestVersion)];
  const decryption: Route<'Decrypt'> = [parseMessage(decryptRequest), findKey, operate(decrypt, versionOfDecrypt)];
  expect([health, metadata, encryption, decryption]).toHaveLength(4);
});

it('a parser of another message is refused', () => {
  // @ts-expect-error: parses Decrypt
  const encryption: Route<'Encrypt'> = [parseMessage(decryptRequest), operate(encrypt, newestVersion)];
  // @ts-expect-error: parses Encrypt
  const decryption: Route<'Decrypt'> = [parseMessage(encryptRequest), operate(decrypt, versionOfDecrypt)];
  // @ts-expect-error: parses only requestMetadata
  const bodiless: Route<'Encrypt'> = [parseMessage(getKeyMetadataRequest), operate(encrypt, newestVersion)];
  // @ts-expect-error: does not require awsPrincipalArn
  const lax: Route<'GetKeyMetadata'> = [parseMessage(getHealthStatusRequest), operate(getKeyMetadata, newestVersion)];
  // @ts-expect-error: parses Encrypt
  const health: Route<'GetHealthStatus'> = [parseMessage(encryptRequest), answer(() => ({}))];
  expect([encryption, decryption, bodiless, lax, health]).toHaveLength(5);
});

it('an operation of another message is refused', () => {
  // @ts-expect-error: decrypts
  const encryption: Route<'Encrypt'> = [parseMessage(encryptRequest), operate(decrypt, newestVersion)];
  // @ts-expect-error: queries metadata
  const metadata: Route<'Encrypt'> = [parseMessage(encryptRequest), operate(getKeyMetadata, newestVersion)];
  // @ts-expect-error: chooses the version by a field that only Decrypt has
  const version: Route<'Encrypt'> = [parseMessage(encryptRequest), operate(encrypt, versionOfDecrypt)];
  // @ts-expect-error: both are for Decrypt, and the route is not
  const swapped: Route<'Encrypt'> = [parseMessage(decryptRequest), operate(decrypt, versionOfDecrypt)];
  expect([encryption, metadata, version, swapped]).toHaveLength(4);
});

it('the steps of a route run in order, until one throws', async () => {
  const ran: string[] = [];
  const step = (name: string) => async () => {
    await Promise.resolve();
    ran.push(name);
  };
  const refuse = () => {
    throw new Error('refused');
  };
  const routes = { good: [step('one'), step('two')], bad: [step('three'), refuse, step('four')] };
  const run = (api: keyof typeof routes) => follow<Record<string, object>>(routes, api, {} as Exchange, {} as never);
  await run('good');
  await expect(run('bad')).rejects.toThrow('refused');
  expect(ran).toEqual(['one', 'two', 'three']);
});
