import type { XksErrorName } from '../xks/errors.ts';
import type { ConformanceCase, Level } from './conformanceCase.ts';
import { describeErrors, expectError, expectSealed, expectSuccess, type Sealed } from './expectations.ts';
import { base64, type CallOptions, type JsonObject, type KeyStoreClient } from '../xksClient/keyStoreClient.ts';
import type { Probe } from './probe.ts';
import type { Answer } from '../xksClient/sendRequest.ts';

type Request = (probe: Probe) => Promise<Answer>;

/** Makes a case of one request that must be answered with one of these errors. `request` describes it. */
export function refuses(
  id: string,
  level: Level,
  request: string,
  names: readonly XksErrorName[],
  send: Request,
): ConformanceCase {
  const run = async (probe: Probe) => {
    expectError(await send(probe), names);
  };
  return { id, level, title: `Refuses ${request}`, expected: describeErrors(names), run };
}

/** Makes a case of one request that must succeed. `request` describes it. */
export function accepts(id: string, level: Level, request: string, send: Request): ConformanceCase {
  const run = async (probe: Probe) => {
    expectSuccess(await send(probe));
  };
  return { id, level, title: `Accepts ${request}`, expected: '200', run };
}

/** Makes a case of one valid request that a policy may deny. Spec, "Authorization". */
export function acceptsOrDenies(id: string, level: Level, request: string, send: Request): ConformanceCase {
  return acceptsOrRefuses(id, level, request, ['AccessDeniedException'], send);
}

/** Makes a case of one request that must succeed, or be answered with one of these errors. `request` describes it. */
export function acceptsOrRefuses(
  id: string,
  level: Level,
  request: string,
  names: readonly XksErrorName[],
  send: Request,
): ConformanceCase {
  const run = async (probe: Probe) => {
    const answer = await send(probe);
    if (answer.status === 200) expectSuccess(answer);
    else expectError(answer, names);
  };
  const title = `Accepts ${request}, or answers with ${names.join(' or ')}`;
  return { id, level, title, expected: `200, or ${describeErrors(names)}`, run };
}

/** Encrypts. Throws Unmet unless this succeeds. */
export async function seal(
  store: KeyStoreClient,
  plaintext: Uint8Array,
  fields: JsonObject = {},
  options: CallOptions = {},
): Promise<Sealed> {
  return expectSealed(await store.call('encrypt', { plaintext: base64(plaintext), ...fields }, options));
}

/** Returns the fields of a request that decrypts the answer of an encrypt. */
export function sealedFields({ ciphertext, iv, tag, metadata }: Sealed): JsonObject {
  return {
    ciphertext: base64(ciphertext),
    initializationVector: base64(iv),
    authenticationTag: base64(tag),
    ...(metadata && { ciphertextMetadata: base64(metadata) }),
  };
}
