import type pkcs11js from 'pkcs11js';
import { TAG_BYTES } from '../../../xks/limits.ts';
import type { GcmCall } from './cryptoki.ts';
import { CKM } from './cryptokiConstants.ts';

/** Structures of parameters, by pkcs11js's own numbers for them. */
export const CK_PARAMS = { AES_GCM_v240: 0x07, GOSTR3410_KEY_WRAP: 0x1c } as const;

// For an empty buffer, pkcs11js passes a null pointer, unless the buffer is a slice of a larger one. Modules take a null pointer
// for a missing argument.
const NO_BYTES = Buffer.alloc(1).subarray(0, 0);
const NULL = Buffer.alloc(0);

// Length of the IV that an HSM is asked to make.
const DEFAULT_IV_BYTES = 12;

const TAG_BITS = Buffer.alloc(8);
TAG_BITS.writeBigUInt64LE(BigInt(TAG_BYTES * 8));

/** CKM_AES_GCM with its parameters, which point to the memory of the call. */
export function gcmMechanism(call: GcmCall): pkcs11js.Mechanism {
  return { mechanism: CKM.AES_GCM, parameter: call.gcmParameters === 'v2.40' ? v240(call) : v220(call) };
}

function v240({ iv, aad }: GcmCall): pkcs11js.IParams {
  const parameter: pkcs11js.GcmParams = {
    type: CK_PARAMS.AES_GCM_v240,
    iv: ivOrNull(iv),
    ivBits: (iv.length || DEFAULT_IV_BYTES) * 8,
    aad: asBuffer(aad),
    tagBits: TAG_BYTES * 8,
  };
  return parameter;
}

// pkcs11js has no CK_GCM_PARAMS without ulIvBits, but another structure with the same layout: pointer, length, pointer, length
// and a CK_ULONG. That last member is a handle there, and ulTagBits here.
function v220({ iv, aad }: GcmCall): pkcs11js.IParams {
  const parameter: pkcs11js.GostR3410KeyWrapParams = {
    type: CK_PARAMS.GOSTR3410_KEY_WRAP,
    wrapOID: ivOrNull(iv),
    ukm: asBuffer(aad),
    key: TAG_BITS,
  };
  return parameter;
}

function ivOrNull(iv: Uint8Array): Buffer {
  return iv.length === 0 ? NULL : asBuffer(iv);
}

/** Returns a Buffer over the same memory. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return bytes.length === 0 ? NO_BYTES : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
