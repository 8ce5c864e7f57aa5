import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import {
  parseProxyHeader,
  PROXY_PREFIX_BYTES,
  proxyRestBytes,
  type ProxyHeader,
} from '../../../src/server/proxyHeader.ts';
import { CRC32C_TLV, proxyHeader, vpceTlv } from '../../support/proxyHeader.ts';
import type { FuzzTarget } from '../fuzzTarget.ts';
import { proxyHeaderVectors } from '../vectors.ts';

const REFUSAL = /^(?:no|a) PROXY protocol/;

/** The PROXY protocol header of a connection. Bytes after the header belong to the connection. */
export const target: FuzzTarget = {
  maxBytes: 20_000,
  seeds: [
    ...proxyHeaderVectors.map(({ header }) => Buffer.from(header, 'hex')),
    proxyHeader({ tlvs: [vpceTlv('vpce-0123456789abcdef0'), CRC32C_TLV, [0x20, Buffer.from('other')]] }),
    proxyHeader({ command: 0x20, addresses: Buffer.alloc(0), family: 0 }),
    proxyHeader({ family: 0x21, addresses: Buffer.alloc(36, 0xfe) }),
    proxyHeader({ family: 0x31, addresses: Buffer.alloc(216) }),
  ],
  words: ['\r\n\r\n\0\r\nQUIT\n', 'vpce-0123456789abcdef0', '\xea', '\x03\0\x04'],
  check: (input) => {
    const header = parse(input);
    if (!header) return;
    const { local, sourceAddress, vpcEndpointId, ...others } = header;
    assert.deepEqual(others, {});
    if (local) assert.equal(vpcEndpointId ?? sourceAddress, undefined);
    if (sourceAddress !== undefined) assert.notEqual(isIP(sourceAddress), 0);
    if (vpcEndpointId !== undefined) {
      assert.match(vpcEndpointId, /^vpce-[0-9a-f]{8,32}$/);
      assert.ok(input.includes(`\x01${vpcEndpointId}`, 'latin1'));
    }
    // The result is the same without the bytes after the header.
    assert.deepEqual(parse(input.subarray(0, PROXY_PREFIX_BYTES + proxyRestBytes(input))), header);
  },
};

/** The result, or undefined if the header is refused or incomplete. */
function parse(bytes: Buffer): ProxyHeader | undefined {
  if (bytes.length < PROXY_PREFIX_BYTES) return undefined;
  try {
    const end = PROXY_PREFIX_BYTES + proxyRestBytes(bytes.subarray(0, PROXY_PREFIX_BYTES));
    return end > bytes.length ? undefined : parseProxyHeader(bytes.subarray(0, end));
  } catch (error) {
    assert.match((error as Error).message, REFUSAL);
    return undefined;
  }
}
