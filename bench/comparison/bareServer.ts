import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

// The limit of any proxy on Node.js: reads the body of each request, ignores it, and answers. The arguments are the files of
// the certificate and its private key.

const ANSWER = JSON.stringify({
  authenticationTag: Buffer.alloc(16).toString('base64'),
  ciphertext: Buffer.alloc(32).toString('base64'),
  ciphertextDataIntegrityValue: Buffer.alloc(32).toString('base64'),
  initializationVector: Buffer.alloc(12).toString('base64'),
});

const [certificateFile = '', privateKeyFile = ''] = process.argv.slice(2);
const server = createServer({ cert: readFileSync(certificateFile), key: readFileSync(privateKeyFile) }, (req, res) => {
  const chunks: Buffer[] = [];
  req
    .on('data', (chunk: Buffer) => chunks.push(chunk))
    .on('end', () => {
      Buffer.concat(chunks);
      res.writeHead(200, { 'content-type': 'application/json', 'content-length': ANSWER.length }).end(ANSWER);
    });
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ msg: 'listening', port })}\n`);
});
