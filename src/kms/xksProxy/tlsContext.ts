import { readFileSync } from 'node:fs';
import { createSecureContext, getCACertificates, type SecureContext, type SecureContextOptions } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { readTrustedAuthorities, SIGNATURE_ALGORITHMS } from '../../certificates/clientTls.ts';
import { readPemBundle, writePemBundle } from '../../certificates/readPemBundle.ts';
import { readPrivateKey, writePrivateKey } from '../../certificates/readPrivateKey.ts';
import { XksProxyFailure } from './xksProxyFailure.ts';

/** PEM files. */
export interface TlsFiles {
  /** Certificate authorities to trust in addition to Node's own. Each file has one or more. */
  readonly caFiles: readonly string[];
  /** The client certificate that KMS presents to a proxy that requests one. */
  readonly clientCertificate?: { readonly certificateFile: string; readonly privateKeyFile: string } | undefined;
}

/**
 * Returns a function that reads the files each time it is called. It throws Internal, with the name of a bad file and its problem. While
 * the files do not change, it returns the same context, because each context takes a megabyte for all the authorities of Node.
 */
export function tlsContextOf(files: TlsFiles): () => SecureContext {
  let last: { readonly options: SecureContextOptions; readonly context: SecureContext } | undefined;
  return () => {
    const options = readOptions(files);
    if (!last || !isDeepStrictEqual(last.options, options)) last = { options, context: createSecureContext(options) };
    return last.context;
  };
}

function readOptions({ caFiles, clientCertificate }: TlsFiles): SecureContextOptions {
  return {
    ca: [...getCACertificates('default'), ...caFiles.map((file) => readPem(file, readTrustedAuthorities))],
    ...(clientCertificate && readClientCertificate(clientCertificate)),
    // Spec, "API content type": a proxy supports at least one of these suites.
    minVersion: 'TLSv1.2',
    sigalgs: SIGNATURE_ALGORITHMS,
    ciphers: [
      'TLS_AES_256_GCM_SHA384',
      'TLS_CHACHA20_POLY1305_SHA256',
      'ECDHE-ECDSA-AES256-GCM-SHA384',
      'ECDHE-RSA-AES256-GCM-SHA384',
    ].join(':'),
  };
}

function readClientCertificate({ certificateFile, privateKeyFile }: NonNullable<TlsFiles['clientCertificate']>) {
  const [certificate, ...chain] = readPem(certificateFile, readPemBundle);
  return readPem(privateKeyFile, (text) => {
    const key = readPrivateKey(text);
    if (!certificate?.checkPrivateKey(key)) throw new Error(`is not the private key of ${certificateFile}`);
    return {
      cert: writePemBundle([certificate, ...chain]),
      key: writePrivateKey(key),
    };
  });
}

function readPem<Content>(file: string, parse: (text: string) => Content): Content {
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new XksProxyFailure('Internal', `${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
