import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeKeyPair } from '../../certs/generate.ts';
import { issueClientCertificate } from '../../certs/issueCertificate.ts';
import { testCertificates } from '../support/certificates.ts';
import { CLIENT_ADDRESS, proxyHeader, vpceTlv } from '../support/proxyHeader.ts';
import { RawConnection, rawPost } from '../support/rawConnection.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

const ID = 'vpce-0123456789abcdef0';
const CN = 'cks.kms.us-east-1.amazonaws.com';
const preface = proxyHeader({ tlvs: [vpceTlv(ID)] });
let proxy: RunningProxy;

beforeAll(async () => {
  const files = new ProxyFiles();
  const { server, keyStores, ...rest } = files.config;
  const tls = {
    ...writeKeyPair(files.folder, 'server', testCertificates.server),
    clientAuth: { caFile: files.caFile, commonNames: [CN] },
  };
  files.writeConfig({
    ...rest,
    server: { ...server, tls, proxyProtocol: { enabled: true, vpcEndpointIds: [ID] } },
    keyStores: keyStores.map((store) => ({ ...store, quota: { requestsPerSecond: 0.001, burst: 2 } })),
  });
  proxy = await RunningProxy.start(files);
});
afterAll(() => proxy.dispose());

function connect(pair = testCertificates.client): RawConnection {
  return new RawConnection(proxy.port, {
    preface,
    ca: testCertificates.ca.certificate,
    cert: pair.certificate,
    key: pair.privateKey,
  });
}

it('serves an admitted client of an admitted VPC endpoint within its quota, and logs its identity', async () => {
  const connection = connect();
  await connection.send(rawPost({ credential: proxy.files.credentials[0] }).repeat(3));
  expect((await connection.answered(3)).map(({ status }) => status)).toEqual([200, 200, 429]);
  connection.reset();
  expect(await proxy.logged({ msg: 'request', httpStatus: 200 })).toMatchObject({
    remoteAddress: CLIENT_ADDRESS,
    vpcEndpointId: ID,
    clientCommonName: CN,
  });
  expect(await proxy.logged({ msg: 'request', httpStatus: 429 })).toMatchObject({ errorName: 'ThrottlingException' });
});

it('logs the client of a refused connection, and the reason', async () => {
  const connection = connect(issueClientCertificate(testCertificates.ca, { commonName: 'kms.example' }));
  await connection.send(rawPost({ credential: proxy.files.credentials[0] }));
  await connection.closed();
  expect(connection.received).toBe('');
  expect(await proxy.logged({ reason: 'client certificate: another CN' })).toMatchObject({
    level: 'warn',
    msg: 'a connection without a request',
    commonName: 'kms.example',
    issuer: 'O=xks-proxy test, CN=xks-proxy test CA',
    remoteAddress: CLIENT_ADDRESS,
    vpcEndpointId: ID,
  });
});
