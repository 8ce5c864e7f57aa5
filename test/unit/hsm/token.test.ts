import { describe, expect, it } from 'vitest';
import { CKR } from '../../../src/hsm/pkcs11/cryptoki/cryptokiConstants.ts';
import { RefusedPins } from '../../../src/hsm/pkcs11/token/refusedPins.ts';
import { Token } from '../../../src/hsm/pkcs11/token/token.ts';
import { Secret } from '../../../src/secret.ts';
import { FakeCryptoki, PIN, TOKEN } from './fakeCryptoki.ts';

const SELECTOR = { label: TOKEN.label };

describe('login', () => {
  it.each([
    [CKR.PIN_INCORRECT, 'The PIN was refused by token "fake". It was tried once'],
    [CKR.PIN_INVALID, 'The PIN was refused by token "fake". It was tried once'],
    [CKR.PIN_LEN_RANGE, 'The PIN was refused by token "fake". It was tried once'],
    [CKR.PIN_LOCKED, 'The user PIN of token "fake" is locked.'],
    [CKR.PIN_EXPIRED, 'The user PIN of token "fake" has expired.'],
    [CKR.USER_PIN_NOT_INITIALIZED, 'No user PIN is set on token "fake".'],
  ])('is tried once when the answer is 0x%s', (code, message) => {
    const cryptoki = new FakeCryptoki();
    cryptoki.failNext('C_Login', code);
    const token = new Token(cryptoki, SELECTOR, PIN, new RefusedPins());
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(() => {
        token.login();
      }).toThrow(
        expect.objectContaining({ name: 'Pkcs11Failure', message: expect.stringContaining(message) as unknown }),
      );
    }
    expect(cryptoki.count('C_Login')).toBe(1);
    expect(cryptoki.sessions.size).toBe(0);
  });

  it('is tried once for all users with the same PIN for the token, and once for each other PIN', () => {
    const cryptoki = new FakeCryptoki();
    const refusedPins = new RefusedPins();
    const tokenWith = (pin: Secret) => new Token(cryptoki, SELECTOR, pin, refusedPins);
    for (const token of [tokenWith(new Secret('wrong')), tokenWith(new Secret('wrong'))]) {
      expect(() => {
        token.login();
      }).toThrow(expect.objectContaining({ pinRefused: true }));
      expect(token.isRefused).toBe(true);
    }
    expect(cryptoki.count('C_Login')).toBe(1);
    tokenWith(PIN).login();
    expect(cryptoki.count('C_Login')).toBe(2);
  });

  it('is tried again after a failure that is not about the PIN', () => {
    const cryptoki = new FakeCryptoki();
    cryptoki.failNext('C_Login', CKR.GENERAL_ERROR);
    const token = new Token(cryptoki, SELECTOR, PIN, new RefusedPins());
    expect(() => {
      token.login();
    }).toThrow('Cannot log in to token "fake". (C_Login answered an error (0x5))');
    token.login();
    expect(cryptoki.sessions.size).toBe(1);
  });

  it('is not tried at a token without initialisation, and the error names the slot', () => {
    const cryptoki = new FakeCryptoki();
    cryptoki.failNext('C_OpenSession', CKR.TOKEN_NOT_RECOGNIZED);
    expect(() => {
      new Token(cryptoki, SELECTOR, PIN, new RefusedPins()).login();
    }).toThrow(/^The token "fake" in slot \d+ is not initialised\. /);
    expect(cryptoki.count('C_Login')).toBe(0);
  });

  it('does not show the PIN', () => {
    const token = new Token(new FakeCryptoki(), SELECTOR, new Secret('not-the-pin'), new RefusedPins());
    expect(() => {
      token.login();
    }).toThrow(expect.objectContaining({ stack: expect.not.stringContaining('not-the-pin') as unknown }));
  });

  it('shares the login of the same process', () => {
    const cryptoki = new FakeCryptoki();
    const [one, other] = [
      new Token(cryptoki, SELECTOR, PIN, new RefusedPins()),
      new Token(cryptoki, SELECTOR, PIN, new RefusedPins()),
    ];
    one.login();
    other.login();
    one.close();
    expect(cryptoki.isUserLoggedIn(other.openSession())).toBe(true);
  });

  it('keeps one session, even after several logins', () => {
    const cryptoki = new FakeCryptoki();
    const token = new Token(cryptoki, SELECTOR, PIN, new RefusedPins());
    token.login();
    token.login();
    expect(cryptoki.sessions.size).toBe(1);
    token.close();
    expect(cryptoki.sessions.size).toBe(0);
  });
});

it('ignores an error while closing a lost session', () => {
  const cryptoki = new FakeCryptoki();
  const token = new Token(cryptoki, SELECTOR, PIN, new RefusedPins());
  const session = token.openSession();
  cryptoki.loseSessions();
  token.closeSession(session);
  cryptoki.failNext('C_CloseSession', new TypeError('not PKCS#11'));
  expect(() => {
    token.closeSession(session);
  }).toThrow('not PKCS#11');
});

it('has only read-write sessions after it has refused another kind', () => {
  const cryptoki = new FakeCryptoki();
  cryptoki.readWriteOnly = true;
  const token = new Token(cryptoki, SELECTOR, PIN, new RefusedPins());
  token.login();
  expect(cryptoki.count('C_OpenSession')).toBe(2);
  token.openSession();
  token.openSession('read-write');
  expect(cryptoki.count('C_OpenSession')).toBe(4);
});

it('opens no read-write session after another failure, or if that fails too', () => {
  const cryptoki = new FakeCryptoki();
  const token = new Token(cryptoki, SELECTOR, PIN, new RefusedPins());
  cryptoki.failNext('C_OpenSession', CKR.SESSION_COUNT);
  expect(() => token.openSession()).toThrow('C_OpenSession answered');
  expect(cryptoki.count('C_OpenSession')).toBe(1);
  cryptoki.failNext('C_OpenSession', CKR.FUNCTION_FAILED, CKR.FUNCTION_FAILED);
  expect(() => token.openSession()).toThrow('C_OpenSession answered');
  // Later sessions are read-only again, because the device caused the failure.
  cryptoki.readWriteOnly = true;
  token.openSession();
  expect(cryptoki.count('C_OpenSession')).toBe(5);
});

describe('AES-GCM', () => {
  it.each([
    [[], 'The token "fake" has no CKM_AES_GCM, and KMS needs AES-GCM.'],
    [['DECRYPT'], 'The token "fake" has CKM_AES_GCM to DECRYPT only, and KMS needs AES-GCM.'],
  ] as const)('that the token has only for %j is refused with an explanation', (usages, message) => {
    const cryptoki = new FakeCryptoki();
    cryptoki.aesGcm = usages;
    const token = new Token(cryptoki, { label: 'fake' }, PIN, new RefusedPins());
    expect(() => {
      token.requireAesGcm();
    }).toThrow(message);
  });

  it('is assumed if the module gives no information', () => {
    const cryptoki = new FakeCryptoki();
    cryptoki.aesGcm = undefined;
    new Token(cryptoki, { label: 'fake' }, PIN, new RefusedPins()).requireAesGcm();
  });
});
