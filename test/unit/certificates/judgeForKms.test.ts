import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { issueServerCertificate, type KeyPair } from '../../../certs/issueCertificate.ts';
import { judgeForKms, type KmsView } from '../../../src/certificates/judgeForKms.ts';
import type { ClientAuth } from '../../../src/certificates/tlsIdentity.ts';
import { isAmazonRoot, isUnderTrustedAuthority } from '../../../src/certificates/trustedAuthorities.ts';
import { Secret } from '../../../src/secret.ts';
import { testCertificates } from '../../support/certificates.ts';
import { opensslCertificate } from '../../support/opensslCertificate.ts';

const { ca } = testCertificates;
const NAME = 'xks.example.com';
const KMS_CN = 'cks.kms.us-east-1.amazonaws.com';
const amazonRoots = rootCertificates.filter((pem) => isAmazonRoot(new X509Certificate(pem)));

interface Given extends Partial<Pick<KmsView, 'name' | 'regions' | 'now'>> {
  readonly clientAuth?: ClientAuth;
}

/** The level and message of each finding of this check. */
async function said(check: string, chain: readonly KeyPair[], { clientAuth, ...given }: Given = {}) {
  const certificate = chain.map((each) => each.certificate).join('');
  const identity = { certificate, privateKey: new Secret(chain[0]?.privateKey ?? ''), clientAuth };
  const view = { name: NAME, regions: ['us-east-1'], now: new Date(), ...given };
  const findings = await judgeForKms({ identity, ...view });
  return findings.filter((finding) => finding.check === check).map(({ level, message }) => `${level}: ${message}`);
}

const server = (commonName: string, subjectAltNames: readonly string[]) =>
  issueServerCertificate(ca, { commonName, subjectAltNames });

describe('certificate name', () => {
  it.each<[string, string, readonly string[], Given, RegExp]>([
    ['the name', NAME, [NAME], {}, /^ok: CN xks\.example\.com; DNS:xks\.example\.com\.$/],
    ['the name in capitals', NAME, [NAME], { name: NAME.toUpperCase() }, /^ok: /],
    ['the name among others', NAME, ['a.example', NAME], {}, /^ok: /],
    ['a wildcard', '*.example.com', ['*.example.com'], {}, /^warning: The CN is a wildcard/],
    [
      'a wildcard, when no name is given',
      '*.example.com',
      ['*.example.com'],
      { name: undefined },
      /^warning: .* wildcard/,
    ],
    ['no name given', NAME, [NAME], { name: undefined }, /^ok: .*not compared/],
    ['no subjectAltName', NAME, [], {}, /^warning: There is no subjectAltName/],
    [
      'another CN',
      'other.example',
      [NAME],
      {},
      /^failure: KMS calls xks\.example\.com, but the certificate does not have exactly this CN/,
    ],
    ['another subjectAltName', NAME, ['other.example'], {}, /^failure: No subjectAltName is xks\.example\.com/],
    ['a wildcard of two labels', '*.example.com', ['*.example.com'], { name: 'a.b.example.com' }, /^failure: /],
    ['the parent of the name', 'example.com', ['example.com'], {}, /^failure: /],
  ])('%s', async (_what, commonName, subjectAltNames, given, expected) => {
    expect(await said('certificate name', [server(commonName, subjectAltNames)], given)).toEqual([
      expect.stringMatching(expected),
    ]);
  });
});

describe('certificate authority', () => {
  it('a private one is a warning', async () => {
    expect(await said('certificate authority', [server(NAME, [NAME]), ca])).toEqual([
      expect.stringMatching(/^warning: .*xks-proxy test CA is not among the authorities that AWS KMS trusts/),
    ]);
  });

  it.each([
    [
      '8418CC8534ECBC0C94942E08599CC7B2104E0A08',
      /^ok: AWS KMS trusts the issuer, C=US, O=Amazon, CN=Amazon Root CA 1\.$/,
    ],
    ['8418CC8534ECBC0C94942E08599CC7B2104E0A09', /^warning: /],
  ])('a chain below Amazon Root CA 1 with the key id %s', async (keyId, expected) => {
    const root = opensslCertificate({
      subject: '/C=US/O=Amazon/CN=Amazon Root CA 1',
      extensions: ['basicConstraints=CA:TRUE', `subjectKeyIdentifier=${keyId}`],
    });
    const extensions = ['basicConstraints=CA:TRUE', 'authorityKeyIdentifier=keyid'];
    const intermediate = opensslCertificate({ commonName: 'between', issuer: root, extensions });
    const leaf = issueServerCertificate(intermediate);
    expect(await said('certificate authority', [leaf, intermediate])).toEqual([expect.stringMatching(expected)]);
    // The intermediate's issuer is known only if it is trusted.
    const chain = await said('certificate chain', [leaf, intermediate]);
    expect(chain).toEqual([
      expect.stringMatching(expected.source.startsWith('^ok') ? /^ok: / : /^warning: .*neither in the file/),
    ]);
    expect(await said('certificate authority', [leaf])).toEqual([expect.stringMatching(/^warning: /)]);
  });

  it('most of the authorities that Node trusts are trusted by AWS KMS', () => {
    const shared = rootCertificates.filter((pem) => isUnderTrustedAuthority(new X509Certificate(pem)));
    expect(shared.length).toBeGreaterThan(rootCertificates.length / 2);
    expect(shared.length).toBeLessThan(rootCertificates.length);
  });
});

describe('client CA', () => {
  const clientAuth = { ca: amazonRoots.join('\n'), commonNames: [KMS_CN] };

  it('is ok if there is none', async () => {
    expect(await said('client CA', [server(NAME, [NAME])])).toEqual([
      expect.stringMatching(/^ok: No client certificate/),
    ]);
  });

  it('the roots of Amazon get only a warning about deprecation', async () => {
    expect(amazonRoots.length).toBeGreaterThanOrEqual(4);
    const findings = await said('client CA', [server(NAME, [NAME])], { clientAuth });
    expect(findings.filter((each) => !each.startsWith('ok'))).toEqual([
      expect.stringMatching(/^warning: .* deprecated/),
    ]);
  });

  it.each<[string, Given, RegExp]>([
    [
      'a private authority',
      { clientAuth: { ca: ca.certificate, commonNames: [KMS_CN] } },
      /^warning: KMS is not admitted: Amazon Trust Services/,
    ],
    [
      'a Region whose KMS is not admitted',
      { clientAuth, regions: ['us-east-1', 'eu-west-1'] },
      /^failure: .* cks\.kms\.eu-west-1\.amazonaws\.com, is not/,
    ],
  ])('%s', async (_what, given, expected) => {
    expect(await said('client CA', [server(NAME, [NAME])], given)).toContainEqual(expect.stringMatching(expected));
  });
});

it('also judges dates, key, chain and handshake', async () => {
  const { certificate, privateKey } = issueServerCertificate('self-signed');
  const identity = { certificate, privateKey: new Secret(privateKey), clientAuth: undefined };
  const findings = await judgeForKms({ identity, name: undefined, regions: [], now: new Date('2200-01-01') });
  expect(findings.map(({ check, level }) => `${level} ${check}`)).toEqual([
    'failure certificate',
    'ok certificate key',
    'ok certificate chain',
    'ok TLS handshake',
    'ok certificate name',
    'warning certificate authority',
    'ok client CA',
  ]);
});
