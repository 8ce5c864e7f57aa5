import { randomBytes, type X509Certificate } from 'node:crypto';
import { duplexPair } from 'node:stream';
import { connect, createServer, type ConnectionOptions, type SecureVersion, type Server } from 'node:tls';
import type { TlsIdentity } from './tlsIdentity.ts';
import { CIPHERS, tlsOptions } from './tlsOptions.ts';

export interface HandshakeOptions {
  readonly version: SecureVersion;
  /**
   * What the client trusts, in the place of a root. Undefined: the client trusts nothing and does not judge. Node crashes when a
   * client trusts a chain with a key on a curve without a NIST name.
   */
  readonly anchor: X509Certificate | undefined;
}

export type Handshake =
  /** `reason`: OpenSSL's code. */
  | { readonly done: false; readonly reason: string }
  /** `untrusted`: OpenSSL's code for why the client does not trust the server's chain; undefined: it does, or does not judge. */
  | { readonly done: true; readonly untrusted: string | undefined };

// What TLS clients of today offer; AWS does not publish KMS's own list. No Ed25519, and no other curves.
const GROUPS = ['X25519', 'P-256', 'P-384', 'P-521'].join(':');
const SIGNATURES = [
  ...['ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384', 'ecdsa_secp521r1_sha512'],
  ...['rsa_pss_rsae_sha256', 'rsa_pss_rsae_sha384', 'rsa_pss_rsae_sha512'],
  ...['rsa_pkcs1_sha256', 'rsa_pkcs1_sha384', 'rsa_pkcs1_sha512'],
].join(':');
// In memory, only a busy process makes a handshake wait.
const LIMIT_MS = 30_000;

/** Makes one handshake with the settings that the proxy serves with, in memory, as a client that offers what KMS does. */
export async function shakeHands(identity: TlsIdentity, { version, anchor }: HandshakeOptions): Promise<Handshake> {
  const [near, far] = duplexPair();
  try {
    const server = createServer({ ...tlsOptions(identity, randomBytes(48)), handshakeTimeout: LIMIT_MS });
    const options: ConnectionOptions = {
      socket: near,
      minVersion: version,
      maxVersion: version,
      ciphers: CIPHERS,
      ecdhCurve: GROUPS,
      sigalgs: SIGNATURES,
      // With none at all, Node would take its own.
      ca: anchor ? [anchor.toString()] : [],
      allowPartialTrustChain: true,
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    };
    const outcome = outcomeOf(server, options);
    server.emit('connection', far);
    const handshake = await outcome;
    return anchor || !handshake.done ? handshake : { done: true, untrusted: undefined };
  } catch (error) {
    // OpenSSL refuses some pairs before any client comes.
    return { done: false, reason: codeOf(error) };
  } finally {
    near.destroy();
    far.destroy();
  }
}

function outcomeOf(server: Server, options: ConnectionOptions): Promise<Handshake> {
  return new Promise((resolve) => {
    const client = connect(options);
    // The server knows the reason; the client only has its alert.
    client.on('error', () => undefined);
    server.on('tlsClientError', (error) => {
      resolve({ done: false, reason: codeOf(error) });
    });
    let finished = 0;
    const finish = (): void => {
      finished += 1;
      if (finished < 2) return;
      const { authorized, authorizationError } = client;
      resolve({ done: true, untrusted: authorized ? undefined : String(authorizationError) });
    };
    client.on('secureConnect', finish);
    server.on('secureConnection', (stream) => {
      stream.on('error', () => undefined);
      finish();
    });
  });
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
