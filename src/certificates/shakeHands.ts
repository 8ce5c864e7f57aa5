import { getFips, randomBytes, type X509Certificate } from 'node:crypto';
import { duplexPair } from 'node:stream';
import { connect, createServer, type ConnectionOptions, type SecureVersion, type Server } from 'node:tls';
import { SIGNATURE_ALGORITHMS } from './clientTls.ts';
import type { TlsIdentity } from './tlsIdentity.ts';
import { CIPHERS, tlsOptions } from './tlsOptions.ts';

export interface HandshakeOptions {
  readonly version: SecureVersion;
  /**
   * Certificate that the client trusts in place of a root. If undefined, the client trusts nothing and does not judge the
   * chain. Node crashes when a client trusts a chain that has a key on a curve without a NIST name.
   */
  readonly anchor: X509Certificate | undefined;
}

export type Handshake =
  /** `reason` is OpenSSL's error code. */
  | { readonly done: false; readonly reason: string }
  /** `untrusted` is OpenSSL's code if the client does not trust the server's chain. Undefined if it does, or does not judge. */
  | { readonly done: true; readonly untrusted: string | undefined };

// Groups that today's TLS clients offer. OpenSSL's FIPS provider refuses X25519, and a list that has it.
const GROUPS = [...(getFips() === 1 ? [] : ['X25519']), 'P-256', 'P-384', 'P-521'].join(':');
// A handshake in memory takes long only if the process is busy.
const LIMIT_MS = 30_000;

/** Makes one handshake in memory, between a server with the proxy's TLS settings and a client that behaves like KMS. */
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
      sigalgs: SIGNATURE_ALGORITHMS,
      // If `ca` were left out, Node would trust its own list.
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
    // OpenSSL refuses some pairs of certificate and key before any client connects.
    return { done: false, reason: codeOf(error) };
  } finally {
    near.destroy();
    far.destroy();
  }
}

function outcomeOf(server: Server, options: ConnectionOptions): Promise<Handshake> {
  return new Promise((resolve) => {
    const client = connect(options);
    // The reason comes from the server's error. The client's error has only the alert.
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
