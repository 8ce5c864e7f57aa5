// The values of PKCS#11 that are used here, without their common prefix. Source: OASIS pkcs11t.h 3.0.

/** Return values, CK_RV. */
export const CKR = {
  SLOT_ID_INVALID: 0x03,
  GENERAL_ERROR: 0x05,
  FUNCTION_FAILED: 0x06,
  ATTRIBUTE_SENSITIVE: 0x11,
  ATTRIBUTE_TYPE_INVALID: 0x12,
  DATA_INVALID: 0x20,
  DATA_LEN_RANGE: 0x21,
  DEVICE_ERROR: 0x30,
  DEVICE_REMOVED: 0x32,
  AEAD_DECRYPT_FAILED: 0x35,
  ENCRYPTED_DATA_INVALID: 0x40,
  ENCRYPTED_DATA_LEN_RANGE: 0x41,
  KEY_HANDLE_INVALID: 0x60,
  KEY_TYPE_INCONSISTENT: 0x63,
  KEY_FUNCTION_NOT_PERMITTED: 0x68,
  MECHANISM_INVALID: 0x70,
  MECHANISM_PARAM_INVALID: 0x71,
  OBJECT_HANDLE_INVALID: 0x82,
  PIN_INCORRECT: 0xa0,
  PIN_INVALID: 0xa1,
  PIN_LEN_RANGE: 0xa2,
  PIN_EXPIRED: 0xa3,
  PIN_LOCKED: 0xa4,
  SESSION_CLOSED: 0xb0,
  SESSION_COUNT: 0xb1,
  SESSION_HANDLE_INVALID: 0xb3,
  TOKEN_NOT_PRESENT: 0xe0,
  TOKEN_NOT_RECOGNIZED: 0xe1,
  USER_ALREADY_LOGGED_IN: 0x100,
  USER_NOT_LOGGED_IN: 0x101,
  USER_PIN_NOT_INITIALIZED: 0x102,
  CRYPTOKI_NOT_INITIALIZED: 0x190,
  CRYPTOKI_ALREADY_INITIALIZED: 0x191,
} as const;

/** Attributes of objects. */
export const CKA = {
  CLASS: 0x00,
  TOKEN: 0x01,
  PRIVATE: 0x02,
  LABEL: 0x03,
  TRUSTED: 0x86,
  CHECK_VALUE: 0x90,
  KEY_TYPE: 0x100,
  ID: 0x102,
  SENSITIVE: 0x103,
  ENCRYPT: 0x104,
  DECRYPT: 0x105,
  WRAP: 0x106,
  UNWRAP: 0x107,
  SIGN: 0x108,
  VERIFY: 0x10a,
  DERIVE: 0x10c,
  VALUE_LEN: 0x161,
  EXTRACTABLE: 0x162,
  LOCAL: 0x163,
  NEVER_EXTRACTABLE: 0x164,
  ALWAYS_SENSITIVE: 0x165,
  MODIFIABLE: 0x170,
  DESTROYABLE: 0x172,
  WRAP_WITH_TRUSTED: 0x210,
} as const;

/** Object classes. */
export const CKO = { SECRET_KEY: 0x04 } as const;

/** Types of secret keys. */
export const CKK = {
  GENERIC_SECRET: 0x10,
  RC2: 0x11,
  RC4: 0x12,
  DES: 0x13,
  DES2: 0x14,
  DES3: 0x15,
  RC5: 0x19,
  AES: 0x1f,
  BLOWFISH: 0x20,
  TWOFISH: 0x21,
  CAMELLIA: 0x25,
  ARIA: 0x26,
  SHA_1_HMAC: 0x28,
  SHA256_HMAC: 0x2b,
  SHA384_HMAC: 0x2c,
  SHA512_HMAC: 0x2d,
  SEED: 0x2f,
  CHACHA20: 0x33,
} as const;

/** Mechanisms. */
export const CKM = { AES_KEY_GEN: 0x1080, AES_GCM: 0x1087 } as const;

/** Flags of C_Initialize, of sessions, of mechanisms and of tokens, in this order. */
export const CKF = {
  OS_LOCKING_OK: 0x02,
  RW_SESSION: 0x02,
  SERIAL_SESSION: 0x04,
  ENCRYPT: 0x100,
  DECRYPT: 0x200,
  USER_PIN_COUNT_LOW: 0x1_0000,
  USER_PIN_FINAL_TRY: 0x2_0000,
  USER_PIN_LOCKED: 0x4_0000,
} as const;

/** States of a session in which the user is logged in. */
export const CKS = { RO_USER_FUNCTIONS: 1, RW_USER_FUNCTIONS: 3 } as const;

/** Types of users. */
export const CKU = { SO: 0, USER: 1 } as const;
