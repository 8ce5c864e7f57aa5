import { writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { startPeer, freePort, type RunningPeer } from '../startPeer.ts';
import { KEY, PREFIX, REGION, type TestBed } from '../testBed.ts';

let started = 0;

export interface Sample {
  /** Program that `cargo build --release` makes of github.com/aws-samples/aws-kms-xks-proxy. */
  readonly binary: string;
  /** With INFO, the sample logs each request. Its settings file recommends INFO for production, but has DEBUG. */
  readonly logLevel: string;
}

/** Starts AWS's sample proxy over the token of the test bed, with its log on. */
export async function startSample(bed: TestBed, { binary, logLevel }: Sample, isSecure: boolean): Promise<RunningPeer> {
  started += 1;
  const folder = join(bed.folder, `sample-${started}`);
  const port = await freePort();
  const settingsFile = join(bed.folder, `sample-${started}.toml`);
  writeFileSync(settingsFile, settings(bed, port, isSecure, logLevel), { mode: 0o600 });
  const env = { ...bed.env, XKS_PROXY_SETTINGS_TOML: settingsFile };
  const peer = await startPeer([binary], folder, env, () => isListening(port));
  return { ...peer, target: bed.targetAt(port, isSecure ? 'https' : 'http') };
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1')
      .on('connect', () => {
        socket.destroy();
        resolve(true);
      })
      .on('error', () => {
        resolve(false);
      });
  });
}

/** Formats the sample's `configuration/settings.toml` with this test bed's addresses, secrets and log. */
function settings({ softHsm, tls, credential }: TestBed, port: number, isSecure: boolean, logLevel: string): string {
  return `
[server]
ip = "127.0.0.1"
port = ${port}
port_http_ping = ${port}
region = "${REGION}"
service = "kms-xks-proxy"
[server.tcp_keepalive]
tcp_keepalive_secs = 60
tcp_keepalive_retries = 3
tcp_keepalive_interval_secs = 1
[tracing]
is_stdout_writer_enabled = true
is_file_writer_enabled = false
level = "${logLevel}"
[security]
is_sigv4_auth_enabled = true
is_tls_enabled = ${isSecure}
is_mtls_enabled = false
[tls]
tls_cert_pem = "${tls.certificateFile}"
tls_key_pem = "${tls.privateKeyFile}"
[[external_key_stores]]
uri_path_prefix = "${PREFIX}"
sigv4_access_key_id = "${credential.accessKeyId}"
sigv4_secret_access_key = "${credential.secretAccessKey.reveal()}"
xks_key_id_set = ["${KEY}"]
[pkcs11]
session_pool_max_size = 30
session_pool_timeout_milli = 0
session_eager_close = false
user_pin = "${softHsm.pin.reveal()}"
PKCS11_HSM_MODULE = "${softHsm.module}"
context_read_timeout_milli = 10
[limits]
max_plaintext_in_base64 = 8192
max_aad_in_base64 = 16384
[hsm_capabilities]
can_generate_iv = false
is_zero_iv_required = false
`;
}
