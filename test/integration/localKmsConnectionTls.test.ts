import { createSecureContext } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { writeKeyPair } from '../../certs/generate.ts';
import { createCertificateAuthority, issueServerCertificate } from '../../certs/issueCertificate.ts';
import { newCredential } from '../../src/sigv4/newCredential.ts';
import { testCertificates } from '../support/certificates.ts';
import { expectFailed, expectToConnectAgain, startKeyStore, startKms } from '../support/localKmsConnection.ts';
import { keyStoreMembers, LocalKmsKeyStore } from '../support/localKmsKeyStore.ts';
import { reconfigure, shareProxy, startAgain, startProxy, stop } from '../support/reconfigurableProxy.ts';
import { answerHealth } from '../support/scriptedProxy.ts';
import { startScriptedServer } from '../support/scriptedTlsServer.ts';

const { ca, client: clientPair } = testCertificates;

const shared = shareProxy();

describe('XKS_PROXY_INVALID_TLS_CONFIGURATION', () => {
  it.each([
    [
      'is for another name',
      () => issueServerCertificate(ca, { subjectAltNames: ['elsewhere.example.com'] }),
      /^InvalidTlsName: certificate for another name: Host: localhost\. is not in the cert's altnames: DNS:elsewhere\.example\.com$/,
    ],
    [
      'was issued by an authority that KMS does not trust',
      () => issueServerCertificate(createCertificateAuthority({ commonName: 'another test CA' })),
      /^InvalidTls: no TLS connection: unable to verify the first certificate/,
    ],
  ])('the new certificate of the proxy %s', async (_what, issue, detail) => {
    const proxy = shared();
    const { files, store } = await startKeyStore(proxy);
    writeKeyPair(files.folder, 'server', issue());
    await reconfigure(proxy);
    await expectFailed(store, 'XKS_PROXY_INVALID_TLS_CONFIGURATION', detail);
    writeKeyPair(files.folder, 'server', testCertificates.server);
    await reconfigure(proxy);
    await expectToConnectAgain(store);
  });

  it('the certificate has expired', async () => {
    // xks-proxy does not start with this certificate. It serves one only if it expires after the start.
    const expired = issueServerCertificate(ca, {
      notBefore: new Date(Date.UTC(2025)),
      notAfter: new Date(Date.UTC(2026)),
    });
    let { certificate: cert, privateKey: key } = testCertificates.server;
    const { port } = await startScriptedServer(answerHealth('ACTIVE'), {
      SNICallback: (_name, done) => {
        done(null, createSecureContext({ cert, key }));
      },
    });
    const store = await LocalKmsKeyStore.create(await startKms(port), keyStoreMembers(newCredential()));
    ({ certificate: cert, privateKey: key } = expired);
    await expectFailed(
      store,
      'XKS_PROXY_INVALID_TLS_CONFIGURATION',
      /^InvalidTls: no TLS connection: certificate has expired/,
    );
    ({ certificate: cert, privateKey: key } = testCertificates.server);
    await expectToConnectAgain(store);
  });

  it('the proxy speaks HTTP without TLS', async () => {
    const proxy = await startProxy();
    const { store } = await startKeyStore(proxy);
    await stop(proxy);
    const { host, regions } = proxy.files.config.server;
    const plain = await startAgain(proxy, { host, regions, insecureHttp: true });
    await expectFailed(store, 'XKS_PROXY_INVALID_TLS_CONFIGURATION', /^InvalidTls: no TLS connection: /);
    await stop(plain);
    await startAgain(proxy);
    await expectToConnectAgain(store);
  });
});

it('NETWORK_ERRORS: the proxy requires a client certificate that KMS does not have yet', async () => {
  const proxy = shared();
  const { files, kms, store } = await startKeyStore(proxy);
  const pair = writeKeyPair(files.folder, 'server', testCertificates.server);
  const clientAuth = { caFile: files.caFile, commonNames: ['cks.kms.us-east-1.amazonaws.com'] };
  await reconfigure(proxy, { ...files.config, server: { ...files.config.server, tls: { ...pair, clientAuth } } });
  await expectFailed(
    store,
    'NETWORK_ERRORS',
    /^ConnectionLost: closed without an answer, as by a proxy that refuses the client certificate: /,
  );
  kms.signal('SIGTERM');
  expect(await kms.exitCode).toBe(0);
  const { certificateFile, privateKeyFile } = writeKeyPair(kms.folder, 'client', clientPair);
  const options = ['--client-cert', certificateFile, '--client-key', privateKeyFile];
  await expectToConnectAgain(new LocalKmsKeyStore(await startKms(proxy.port, options, kms.folder), store.id));
});
