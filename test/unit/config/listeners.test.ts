import { describe, expect, it } from 'vitest';
import { isHost } from '../../../src/hosts.ts';
import { AWS_REGIONS } from '../../../src/config/checks/awsRegions.ts';
import { changedConfig, loadWritten, problemsOf } from '../../support/validConfig.ts';

function withListeners(server: object, monitoring?: object): unknown {
  return changedConfig((config) => {
    Object.assign(config.server, server);
    if (monitoring) Object.assign(config, { monitoring });
  });
}

describe('a host', () => {
  it.each(['0.0.0.0', '::', '::1', 'fe80::1%eth0', 'localhost', 'xks-1.example.com.', 'a_b', 'ip-10-0-0-1'])(
    'may be %s',
    (host) => {
      expect(problemsOf(withListeners({ host }, { host, port: 1 }))).toEqual([]);
    },
  );

  it.each([
    '',
    '256.1.1.1',
    '8443',
    '[::1]',
    'localhost:8443',
    'https://localhost',
    'a b',
    '-a',
    'a..b',
    '10.0.0.0/8',
    '*',
  ])('cannot be %j', (host) => {
    const message = expect.stringMatching(/host: must be an IP address or a host name, .* \(given: /) as string;
    expect(problemsOf(withListeners({ host }, { host }))).toEqual([message, message]);
  });

  it('cannot be longer than a DNS name', () => {
    expect(isHost(`${'a'.repeat(63)}.${'b'.repeat(63)}`)).toBe(true);
    expect(isHost('a'.repeat(64))).toBe(false);
    expect(isHost('a.'.repeat(128))).toBe(false);
  });
});

describe('one port for both listeners', () => {
  it.each([
    ['0.0.0.0', '127.0.0.1'],
    ['127.0.0.1', '0.0.0.0'],
    ['::', '127.0.0.1'],
    ['::', '0.0.0.0'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['localhost', '127.0.0.1'],
    ['LOCALHOST', '::1'],
    ['proxy.example.com', '10.0.0.1'],
  ])('is a problem with %s and %s', (server, monitoring) => {
    expect(problemsOf(withListeners({ host: server, port: 9 }, { host: monitoring, port: 9 }))).toEqual([
      'monitoring.port: is the same as server.port, and both hosts may be the same address; set different ports (given: 9)',
    ]);
  });

  it('is also a problem if one of them is a default', () => {
    expect(problemsOf(withListeners({ port: 9464 }, {}))).toEqual([
      expect.stringMatching(/^monitoring\.port: is the same as server\.port/),
    ]);
    expect(problemsOf(withListeners({}, { port: 8443 }))).toEqual([
      expect.stringMatching(/^monitoring\.port: is the same as server\.port/),
    ]);
  });

  it.each([
    ['10.0.0.1', '127.0.0.1'],
    ['::1', '127.0.0.1'],
    ['0.0.0.0', '::1'],
    ['10.0.0.1', 'localhost'],
  ])('is not a problem with %s and %s', (server, monitoring) => {
    expect(problemsOf(withListeners({ host: server, port: 9 }, { host: monitoring, port: 9 }))).toEqual([]);
  });

  it('is not a problem if it is 0', () => {
    expect(problemsOf(withListeners({ port: 0 }, { port: 0 }))).toEqual([]);
  });
});

describe('an environment reference', () => {
  const sentence =
    /: refers to an environment variable, which is not replaced here; only secrets can come from variables, as \{env: NAME\}$/;

  it.each<[string, unknown, string]>([
    ['a host', withListeners({ host: '${HOST}' }), 'server.host'],
    ['a host without braces', withListeners({ host: '$HOST' }), 'server.host'],
    ['a port', withListeners({ port: '${PORT:-8443}' }), 'server.port'],
    ['a Region', withListeners({ regions: ['${AWS_REGION}'] }), 'server.regions[0]'],
    [
      'a token',
      changedConfig(({ keyManagers: [m] }) => m && (m.pkcs11.token = { label: '$TOKEN' })),
      'keyManagers[0].pkcs11.token.label',
    ],
    [
      'a tag',
      changedConfig(({ keyStores: [s] }) => Object.assign(s ?? {}, { tags: { team: '${TEAM}' } })),
      'keyStores[0].tags.team',
    ],
    [
      'a name',
      changedConfig(({ keyStores: [s] }) => Object.assign(s ?? {}, { name: 'a-${STAGE}' })),
      'keyStores[0].name',
    ],
  ])('in %s is reported once', (_where, written, path) => {
    const problems = problemsOf(written);
    expect(problems).toEqual([expect.stringMatching(sentence)]);
    expect(problems[0]?.startsWith(`${path}: `)).toBe(true);
  });

  it.each(['${DIR}/pin', '$DIR/pin', 'secrets/$NAME'])('in the file of a secret is reported: %s', (file) => {
    const problems = problemsOf(changedConfig(({ keyManagers: [m] }) => m && (m.pkcs11.pin = { file })));
    expect(problems).toContainEqual(expect.stringMatching(sentence));
    expect(problems.join()).not.toContain(file);
  });

  it('in brackets, which is not YAML, is reported', () => {
    expect(problemsOf('monitoring: { host: ${HOST}, port: 1 }\nserver: {}')).toContainEqual(
      expect.stringMatching(
        /^: .*; environment variables are not replaced here: only secrets can come from variables, as \{env: NAME\}$/,
      ),
    );
  });

  it('does not name a variable', () => {
    const written = changedConfig(({ keyManagers: [m] }) => m && (m.pkcs11.pin = { env: '${PIN}' }));
    expect(problemsOf(written, {}, { PIN: '1' })).toContainEqual(
      expect.stringMatching(
        /^keyManagers\[0\]\.pkcs11\.pin\.env: must be only the name of the variable, without \$ and braces$/,
      ),
    );
  });

  it.each(['US$Bank', 'cost in $', '$5', 'a{b}'])('is not found in other text with a dollar: %s', (label) => {
    expect(problemsOf(changedConfig(({ keyManagers: [m] }) => m && (m.pkcs11.token = { label })))).toEqual([]);
  });
});

describe('a Region', () => {
  it.each([
    ['us-esat-1', 'did you mean us-east-1?'],
    ['eu-cental-1', 'did you mean eu-central-1?'],
    ['us-gov-wst-1', 'did you mean us-gov-west-1?'],
    ['cn-nroth-1', 'did you mean cn-north-1?'],
    ['mars-crater-1', 'check it'],
  ])('%s has a warning', (region, advice) => {
    const { warnings } = loadWritten(withListeners({ regions: ['us-east-1', region] }));
    expect(warnings).toEqual([
      `server.regions[1] (line 4): ${region} is not an AWS Region known to this version; ${advice}`,
    ]);
  });

  it.each([
    'us-east-1',
    'cn-north-1',
    'us-gov-west-1',
    'us-iso-east-1',
    'us-isob-east-1',
    'eu-isoe-west-1',
    'us-isof-south-1',
    'eusc-de-east-1',
  ])('%s is known', (region) => {
    expect(loadWritten(withListeners({ regions: [region] })).warnings).toEqual([]);
  });

  it('is well-formed in each known case', () => {
    expect(problemsOf(withListeners({ regions: AWS_REGIONS }))).toEqual([]);
  });
});

describe('the status page', () => {
  it.each([
    [{}, true],
    [{ host: 'localhost' }, true],
    [{ host: '127.0.0.2' }, true],
    [{ host: '::1' }, true],
    [{ host: '0.0.0.0' }, false],
    [{ host: '::' }, false],
    [{ host: '10.0.0.1' }, false],
    [{ host: 'proxy-1.example.com' }, false],
    [{ host: '0.0.0.0', status: true }, true],
    [{ status: false }, false],
  ])('with %o, exists: %s', (monitoring, expected) => {
    const { config } = loadWritten(withListeners({}, { port: 1, ...monitoring }));
    expect(config.monitoring?.status).toBe(expected);
  });

  it.each([
    [{ statusHosts: ['0.0.0.0'] }, /^monitoring\.statusHosts\[0\]: must be a name or an address/],
    [{ statusHosts: ['::ffff:0.0.0.0'] }, /^monitoring\.statusHosts\[0\]: must be a name or an address/],
    [{ statusHosts: ['a:1'] }, /^monitoring\.statusHosts\[0\]: must be an IP address or a host name/],
    [{ statusHosts: ['*'] }, /^monitoring\.statusHosts\[0\]: must be an IP address or a host name/],
    [{ status: false, statusHosts: ['a'] }, /^monitoring\.statusHosts: are set although status is false/],
    [{ host: '0.0.0.0', statusHosts: ['a'] }, /^monitoring\.statusHosts: needs status: true/],
    [{ status: 'on' }, /^monitoring\.status: must be/],
  ])('has a problem with %o', (monitoring, problem) => {
    expect(problemsOf(withListeners({}, { port: 1, ...monitoring }))).toEqual([expect.stringMatching(problem)]);
  });
});
