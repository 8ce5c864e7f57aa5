import { describe, expect, it } from 'vitest';
import { changedConfig, CONFIG_SECRET, loadWritten, problemsOf, validConfig } from '../../support/validConfig.ts';

function withPin(pin: unknown): unknown {
  return changedConfig(({ keyManagers: [manager] }) => manager && (manager.pkcs11.pin = pin));
}

function withSecretAccessKey(reference: unknown): unknown {
  return changedConfig(({ keyStores: [store] }) => {
    const [credential] = store?.credentials ?? [];
    if (credential) credential.secretAccessKey = reference;
  });
}

const utf16 = (text: string, mark = true) => Buffer.from(`${mark ? '\uFEFF' : ''}${text}`, 'utf16le');

describe('a secret in a file', () => {
  it.each(['123456', '123456\n', '123456\r\n', '123456\n\n\n', '123456\r\n\r\n'])('is read from %j', (pin) => {
    const { config, warnings } = loadWritten(validConfig(), { pin });
    expect(config.keyManagers[0]?.pkcs11.pin.reveal()).toBe('123456');
    expect(warnings).toEqual([]);
  });

  it.each<[string, string | Buffer, RegExp]>([
    ['a byte order mark', '\uFEFF123456\n', /begins with a byte order mark \(BOM\)/],
    ['a NUL', '1234\u000056\n', /pin, which has a NUL byte in line 1; it must be text in UTF-8$/],
    ['UTF-16', utf16('123456\n'), /pin, which is UTF-16 or not text; save it as UTF-8$/],
    ['UTF-16 without a mark', utf16('123456\n', false), /pin, which is UTF-16 or not text; save it as UTF-8$/],
    ['big-endian UTF-16', utf16('123456\n').swap16(), /pin, which is UTF-16 or not text; save it as UTF-8$/],
    ['Latin-1', Buffer.from('1234ö6\n', 'latin1'), /pin, which is not UTF-8 in line 1; save it as UTF-8$/],
    ['an escape character', '1234\u001b[A', /a control character or an invisible one/],
    ['a tab', '1234\t56', /a control character or an invisible one/],
    ['a tab at the end', '123456\t\n', /a control character or an invisible one/],
    ['a zero-width space', '123456\u200b\n', /a control character or an invisible one/],
    ['several lines', '1234\n56\n', /a secret of several lines; it must be one/],
    ['a carriage return within', '1234\r56\n', /a secret of several lines; it must be one/],
    ['nothing', '', /names an empty secret/],
    ['line ends alone', '\r\n\n', /names an empty secret/],
    ['blanks alone', '   \n', /names an empty secret/],
  ])('with %s is refused', (_what, pin, pattern) => {
    const problems = problemsOf(validConfig(), { pin });
    expect(problems).toEqual([expect.stringMatching(/^keyManagers\[0\]\.pkcs11\.pin: /)]);
    expect(problems).toEqual([expect.stringMatching(pattern)]);
    expect(problems.join()).not.toMatch(/12345?6?/);
  });

  it.each(['123456 \n', ' 123456', '123456\u00a0\n'])('with a leading or trailing space has a warning: %j', (pin) => {
    const { config, warnings } = loadWritten(validConfig(), { pin });
    expect(config.keyManagers[0]?.pkcs11.pin.reveal()).toBe(pin.replace('\n', ''));
    expect(warnings).toEqual([
      'keyManagers[0].pkcs11.pin (line 13): names a secret that begins or ends with a blank; the blank is used as a part of it',
    ]);
  });

  it('cannot be a secret access key with a leading or trailing space', () => {
    expect(problemsOf(validConfig(), { secret: `${CONFIG_SECRET} \n` })).toEqual([
      expect.stringMatching(/secretAccessKey: must hold 43 to 64 characters .* no blanks$/),
    ]);
  });
});

it.each(['1234\n\n', '1234'])('a secret in a variable is read from %j', (PIN) => {
  const { config } = loadWritten(withPin({ env: 'PIN' }), {}, { PIN });
  expect(config.keyManagers[0]?.pkcs11.pin.reveal()).toBe('1234');
});

it.each(['\uFEFF1234', '12\u001b34', '12\uFFFD34', '12\n34'])('a secret in a variable cannot be %j', (PIN) => {
  expect(problemsOf(withPin({ env: 'PIN' }), {}, { PIN })).toHaveLength(1);
});

describe('no problem shows the secret:', () => {
  const PIN = 'hunter2';
  const SLASHES = 'FYtE5EFA5FT0mCc3/DrGUe2sti527+tkQ0Zr9/MO9fvE';

  it.each<[string, unknown]>([
    ['the secret as a file', { file: CONFIG_SECRET }],
    ['a secret with slashes as a file', { file: SLASHES }],
    ['a secret that is much too long as a file', { file: CONFIG_SECRET.repeat(100) }],
    ['the secret and a path', { file: `./secrets/${CONFIG_SECRET}` }],
    ['the secret as a variable', { env: CONFIG_SECRET }],
    ['the secret as both', { env: CONFIG_SECRET, file: CONFIG_SECRET }],
    ['the secret as a key', { [CONFIG_SECRET]: 'file' }],
    ['the secret beside the file', { file: 'secret', [CONFIG_SECRET]: 1 }],
    ['the secret in a list', { file: [CONFIG_SECRET] }],
    ['the secret in a map', { file: { name: CONFIG_SECRET } }],
    ['the secret as the list', [CONFIG_SECRET]],
    ['the secret', CONFIG_SECRET],
  ])('%s', (_what, reference) => {
    const problems = problemsOf(withSecretAccessKey(reference));
    expect(problems).toHaveLength(new Set(problems).size);
    expect(problems.length).toBeGreaterThan(0);
    for (const part of [CONFIG_SECRET, ...SLASHES.split('/')]) expect(problems.join()).not.toContain(part);
  });

  it.each<[string, unknown]>([
    ['a PIN as a file', { file: PIN }],
    ['a PIN of digits as a file', { file: 7351 }],
    ['a PIN as a variable', { env: PIN }],
    ['a PIN of digits as a variable', { env: 7351 }],
    ['a PIN as a key', { hunter2: 'file' }],
  ])('%s', (_what, reference) => {
    expect(problemsOf(withPin(reference)).join()).toMatch(
      /^keyManagers\[0\]\.pkcs11\.pin(\.file|\.env)?: (?!.*(hunter2|7351))/,
    );
  });

  it.each<[string, (config: ReturnType<typeof validConfig>) => void]>([
    ['an audit key in place of its reference', (config) => Object.assign(config, { audit: { key: PIN } })],
    ['a PIN in place of audit', (config) => Object.assign(config, { audit: PIN })],
    ['a PIN as a key manager', (config) => Object.assign(config, { keyManagers: [PIN] })],
    ['a PIN as all key stores', (config) => Object.assign(config, { keyStores: PIN })],
    ['a PIN as a key of pkcs11', ({ keyManagers: [m] }) => m && Object.assign(m.pkcs11, { hunter2: null })],
    ['a PIN as a key of a credential', ({ keyStores: [s] }) => Object.assign(s?.credentials[0] ?? {}, { hunter2: 1 })],
  ])('%s', (_what, change) => {
    const problems = problemsOf(changedConfig(change));
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join()).not.toContain(PIN);
  });
});

it('an existing secret file is named, although it cannot be used', () => {
  expect(problemsOf(withPin({ file: '.' }))).toEqual([
    expect.stringMatching(/pin: names \/\S+, which cannot be read \(not a regular file\)$/),
  ]);
});
