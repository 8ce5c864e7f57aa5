import { readFileSync } from 'node:fs';
import { createSecureContext, getCACertificates, type SecureContext, type SecureContextOptions } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { readPemBundle, writePemBundle } from '../../certificates/readPemBundle.ts';
import { readPrivateKey, writePrivateKey } from '../../certificates/readPrivateKey.ts';
import { XksProxyFailure } from './xksProxyFailure.ts';

/** PEM files. */
export interface TlsFiles {
  /** Certificate authorities that are trusted beside Node's own, each file with one or more. */
  readonly caFiles: readonly string[];
  /** What KMS presents to a proxy that asks for it. */
  readonly clientCertificate?: { readonly certificateFile: string; readonly privateKeyFile: string } | undefined;
}

/**
 * Reads the files each time it is called. Throws Internal, with the file and what is wrong with it. As long as they have not
 * changed the context is the same one: each takes a megabyte, with all the authorities that Node knows.
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
    ca: [...getCACertificates('default'), ...caFiles.map((file) => writePemBundle(readPem(file, readPemBundle)))],
    ...(clientCertificate && readClientCertificate(clientCertificate)),
    // Spec, "API content type": a proxy supports at least one of these suites.
    minVersion: 'TLSv1.2',
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
