import { createDecipheriv, randomBytes } from 'node:crypto';
import pkcs11js from 'pkcs11js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createFaultyModule, type FaultyModule } from '../support/faultyModule.ts';
import { createSoftHsm, type SoftHsmFixture } from '../support/softHsm.ts';

const keyValue = randomBytes(32);
const aad = randomBytes(30);

let softHsm: SoftHsmFixture;
let faulty: FaultyModule;
let pkcs11: pkcs11js.PKCS11;
let session: Buffer;
let key: Buffer;

beforeAll(() => {
  softHsm = createSoftHsm();
  softHsm.importKey('key', keyValue);
  faulty = createFaultyModule(softHsm);
  pkcs11 = new pkcs11js.PKCS11();
  pkcs11.load(faulty.module);
  pkcs11.C_Initialize({ flags: pkcs11js.CKF_OS_LOCKING_OK });
});

beforeEach(() => {
  const slot = pkcs11
    .C_GetSlotList(true)
    .find((candidate) => pkcs11.C_GetTokenInfo(candidate).label.trim() === softHsm.tokenLabel);
  if (!slot) throw new Error('There is no token');
  session = pkcs11.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION);
  pkcs11.C_Login(session, pkcs11js.CKU_USER, softHsm.pin.reveal());
  pkcs11.C_FindObjectsInit(session, [{ type: pkcs11js.CKA_LABEL, value: 'key' }]);
  const found = pkcs11.C_FindObjects(session);
  pkcs11.C_FindObjectsFinal(session);
  if (!found) throw new Error('There is no key');
  key = found;
});

afterEach(() => {
  faulty.clear();
  pkcs11.C_CloseSession(session);
});

afterAll(() => {
  pkcs11.C_Finalize();
  faulty.dispose();
  softHsm.dispose();
});

type Calls = 'blocking' | 'threadpool';
type Params = (iv: Buffer) => pkcs11js.IParams;

const v240: Params = (iv) => {
  const params: pkcs11js.GcmParams = {
    type: pkcs11js.CK_PARAMS_AES_GCM_v240,
    iv,
    ivBits: iv.length * 8,
    aad,
    tagBits: 128,
  };
  return params;
};

// pkcs11js has no CK_GCM_PARAMS without ulIvBits, but a structure with the same layout: pointer, length, pointer,
// length and a CK_ULONG. That CK_ULONG is a handle there and ulTagBits here.
const v220: Params = (iv) => {
  const tagBits = Buffer.alloc(8);
  tagBits.writeBigUInt64LE(128n);
  const params: pkcs11js.GostR3410KeyWrapParams = {
    type: pkcs11js.CK_PARAM_GOSTR3410_KEY_WRAP,
    wrapOID: iv,
    ukm: aad,
    key: tagBits,
  };
  return params;
};

async function encrypt(calls: Calls, plaintext: Buffer, parameter: pkcs11js.IParams): Promise<Buffer> {
  pkcs11.C_EncryptInit(session, { mechanism: pkcs11js.CKM_AES_GCM, parameter }, key);
  const output = Buffer.alloc(plaintext.length + 100);
  return calls === 'blocking'
    ? pkcs11.C_Encrypt(session, plaintext, output)
    : await pkcs11.C_EncryptAsync(session, plaintext, output);
}

function opened(iv: Buffer, sealed: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', keyValue, iv, { authTagLength: 16 }).setAAD(aad);
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
}

/** Memory for an IV: separate Buffers, and slices of others as in Node's pool. */
function zeroIv(kind: 'whole' | 'part'): Buffer {
  return kind === 'whole' ? Buffer.alloc(12) : Buffer.alloc(40).subarray(7, 19);
}

describe.each(['blocking', 'threadpool'] as const)('%s calls', (calls) => {
  describe('pass the memory of the IV itself to the module', () => {
    const cases = (['whole', 'part'] as const).flatMap((kind) => [
      { kind, name: '2.40', layout: v240 },
      { kind, name: '2.20', layout: v220 },
    ]);

    it.each(cases)('which can write its own IV there: $kind buffer, layout $name', async ({ kind, name, layout }) => {
      faulty.inject({ on: 'C_EncryptInit', does: 'make-iv-in-place' });
      if (name === '2.20') faulty.inject({ on: 'C_EncryptInit', does: 'demand-v2.20' });
      const plaintext = randomBytes(50);
      const ivs = [zeroIv(kind), zeroIv(kind)];
      for (const iv of ivs) {
        const sealed = await encrypt(calls, plaintext, layout(iv));
        expect(sealed).toHaveLength(plaintext.length + 16);
        expect(iv).not.toEqual(Buffer.alloc(12));
        expect(opened(iv, sealed)).toEqual(plaintext);
      }
      expect(ivs[0]).not.toEqual(ivs[1]);
    });
  });

  it('keep an IV that is not all zeros', async () => {
    faulty.inject({ on: 'C_EncryptInit', does: 'make-iv-in-place' });
    const iv = Buffer.alloc(12, 1);
    const sealed = await encrypt(calls, Buffer.from('x'), v240(iv));
    expect(iv).toEqual(Buffer.alloc(12, 1));
    expect(opened(iv, sealed).toString()).toBe('x');
  });

  it('return an IV that the module appends, and ignore the given one', async () => {
    faulty.inject({ on: 'C_EncryptInit', does: 'make-iv-appended' });
    const [plaintext, given] = [randomBytes(50), Buffer.alloc(12, 1)];
    const answer = await encrypt(calls, plaintext, v240(given));
    expect(answer).toHaveLength(plaintext.length + 16 + 12);
    expect(opened(answer.subarray(-12), answer.subarray(0, -12))).toEqual(plaintext);
    expect(given).toEqual(Buffer.alloc(12, 1));
  });

  it('work with a module that requires CK_GCM_PARAMS without ulIvBits', async () => {
    faulty.inject({ on: 'C_EncryptInit', does: 'demand-v2.20' }, { on: 'C_DecryptInit', does: 'demand-v2.20' });
    const [plaintext, iv] = [randomBytes(50), randomBytes(12)];
    const sealed = await encrypt(calls, plaintext, v220(iv));
    expect(opened(iv, sealed)).toEqual(plaintext);
    pkcs11.C_DecryptInit(session, { mechanism: pkcs11js.CKM_AES_GCM, parameter: v220(iv) }, key);
    expect(pkcs11.C_Decrypt(session, sealed, Buffer.alloc(100))).toEqual(plaintext);
  });
});

describe('a module that requires CK_GCM_PARAMS without ulIvBits', () => {
  it.each([
    ['2.40', v240],
    // CK_PARAMS_AES_GCM of pkcs11js also has ulIvBits, and does not set it.
    ['CK_PARAMS_AES_GCM', (iv: Buffer) => ({ ...v240(iv), type: pkcs11js.CK_PARAMS_AES_GCM })],
  ])('refuses %s', (_, layout) => {
    faulty.inject({ on: 'C_EncryptInit', does: 'demand-v2.20' }, { on: 'C_DecryptInit', does: 'demand-v2.20' });
    const mechanism = { mechanism: pkcs11js.CKM_AES_GCM, parameter: layout(randomBytes(12)) };
    const refusal = expect.objectContaining({ code: pkcs11js.CKR_MECHANISM_PARAM_INVALID }) as Error;
    expect(() => {
      pkcs11.C_EncryptInit(session, mechanism, key);
    }).toThrow(refusal);
    expect(() => {
      pkcs11.C_DecryptInit(session, mechanism, key);
    }).toThrow(refusal);
  });
});
