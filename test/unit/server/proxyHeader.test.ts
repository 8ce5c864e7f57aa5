import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { crc32c } from '../../../src/server/crc32c.ts';
import { parseProxyHeader, proxyRestBytes, type ProxyHeader } from '../../../src/server/proxyHeader.ts';
import { CLIENT_ADDRESS, CRC32C_TLV, proxyHeader, vpceTlv, type ProxyHeaderParts } from '../../support/proxyHeader.ts';
import { readVectors } from '../../support/readVectors.ts';

const ID = 'vpce-0123456789abcdef0';
const NOOP = [0x04, Buffer.alloc(5)] as const;

/** Parses the header as from the bytes of a connection. */
function parse(bytes: Buffer): ProxyHeader {
  const rest = proxyRestBytes(bytes.subarray(0, 16));
  return parseProxyHeader(bytes.subarray(0, 16 + rest));
}

describe('headers of load balancers', () => {
  const { vectors } = readVectors(
    'proxyProtocol.json',
    z.strictObject({
      vectors: z.array(
        z.strictObject({
          source: z.string(),
          header: z.string().transform((text) => Buffer.from(text, 'hex')),
          local: z.boolean(),
          sourceAddress: z.string().optional(),
          vpcEndpointId: z.string().optional(),
        }),
      ),
    }),
  );

  it.each(vectors)('$source', ({ header, source: _source, ...expected }) => {
    expect(parse(header)).toEqual(expected);
  });
});

// RFC 3720, appendix B.4.
it.each([
  ['00'.repeat(32), 0x8a9136aa],
  ['ff'.repeat(32), 0x62a8ab43],
])('computes the CRC-32C of %s', (hex, checksum) => {
  expect(crc32c(Buffer.from(hex, 'hex'))).toBe(checksum);
});

describe('accepts', () => {
  const ipv6 = Buffer.concat([Buffer.from('20010db8000000000000000000000001', 'hex'), Buffer.alloc(20)]);
  const unix = Buffer.alloc(216, 'x');
  it.each<[string, ProxyHeaderParts, ProxyHeader]>([
    ['IPv4', {}, { local: false, sourceAddress: CLIENT_ADDRESS }],
    ['IPv6', { family: 0x21, addresses: ipv6 }, { local: false, sourceAddress: '2001:db8::1' }],
    ['UNIX', { family: 0x31, addresses: unix, tlvs: [vpceTlv(ID)] }, { local: false, vpcEndpointId: ID }],
    ['unknown addresses', { family: 0x00, addresses: Buffer.alloc(7) }, { local: false }],
    ['a VPC endpoint', { tlvs: [vpceTlv(ID)] }, { local: false, sourceAddress: CLIENT_ADDRESS, vpcEndpointId: ID }],
    [
      'TLVs of other types',
      { tlvs: [NOOP, NOOP, [0xea, Buffer.from([2, 1])]] },
      { local: false, sourceAddress: CLIENT_ADDRESS },
    ],
    [
      'a checksum',
      { tlvs: [NOOP, CRC32C_TLV, vpceTlv(ID)] },
      { local: false, sourceAddress: CLIENT_ADDRESS, vpcEndpointId: ID },
    ],
    ['LOCAL', { command: 0x20 }, { local: true }],
    [
      'LOCAL of any family, with any bytes',
      { command: 0x20, family: 0xff, tlvs: [vpceTlv(ID), [3, ipv6]] },
      { local: true },
    ],
    [
      'a VPC endpoint among other values of its type, and twice',
      {
        tlvs: [
          [0xea, Buffer.alloc(0)],
          [0xea, Buffer.from([2, 1])],
          vpceTlv(ID),
          [0xea, Buffer.from([3])],
          vpceTlv(ID),
        ],
      },
      { local: false, sourceAddress: CLIENT_ADDRESS, vpcEndpointId: ID },
    ],
    [
      '16 KiB after the prefix, with a checksum',
      { tlvs: [CRC32C_TLV, [0x04, Buffer.alloc(16_384 - 12 - 7 - 3)]] },
      { local: false, sourceAddress: CLIENT_ADDRESS },
    ],
  ])('%s', (_what, parts, expected) => {
    expect(parse(proxyHeader(parts))).toEqual(expected);
  });
});

describe('refuses', () => {
  it.each<[string, string, ProxyHeaderParts]>([
    ['version 1 in binary', 'another version or command', { command: 0x11 }],
    ['version 3', 'another version or command', { command: 0x31 }],
    ['another command', 'another version or command', { command: 0x22 }],
    ['UDP', 'another address family', { family: 0x12 }],
    ['another family', 'another address family', { family: 0x41 }],
    ['half an address', 'without its addresses', { addresses: Buffer.alloc(11) }],
    ['no addresses, as only LOCAL may', 'without its addresses', { addresses: Buffer.alloc(0) }],
    ['more than 16 KiB', 'too long', { tlvs: [[0x04, Buffer.alloc(16_384 - 12 - 2)]] }],
    ['half of a TLV', 'half a TLV', { addresses: Buffer.concat([Buffer.alloc(12), Buffer.from([0xea, 0])]) }],
    [
      'a TLV that ends too late',
      'half a TLV',
      { addresses: Buffer.concat([Buffer.alloc(12), Buffer.from([0xea, 0, 1])]) },
    ],
    ['a wrong checksum', 'wrong checksum', { tlvs: [[0x03, Buffer.from([1, 2, 3, 4])]] }],
    ['half a checksum', 'wrong checksum', { tlvs: [[0x03, Buffer.alloc(2)]] }],
    ['two VPC endpoints', 'two VPC endpoints', { tlvs: [vpceTlv(ID), vpceTlv('vpce-1123456789abcdef0')] }],
    ['a VPC endpoint and no id', 'wrong VPC endpoint id', { tlvs: [vpceTlv(ID), vpceTlv('')] }],
    ['two checksums', 'two checksums', { tlvs: [CRC32C_TLV, [0x03, Buffer.alloc(4, 1)]] }],
    ...['', 'vpce-', 'vpce-0123456789ABCDEF0', `${ID}\n`, `x${ID}`, 'vpce-\xe9\xe9\xe9\xe9\xe9\xe9\xe9\xe9'].map(
      (id): [string, string, ProxyHeaderParts] => [
        `the VPC endpoint ${JSON.stringify(id)}`,
        'wrong VPC endpoint id',
        { tlvs: [vpceTlv(id)] },
      ],
    ),
  ])('%s', (_what, reason, parts) => {
    expect(() => parse(proxyHeader(parts))).toThrow(reason);
  });

  it.each([
    'PROXY TCP4 10.1.2.3 10.0.0.1 49153 443\r\n',
    'POST / HTTP/1.1\r\nHost: a\r\n\r\n',
    '\r\n\r\n\0\r\nQUIT\r01234567',
  ])('other text: %j', (text) => {
    expect(() => parse(Buffer.from(text, 'latin1'))).toThrow('no PROXY protocol v2 header');
  });

  it('a header with a checksum and any flipped bit, except in the bits that identify the header', () => {
    const header = proxyHeader({ tlvs: [CRC32C_TLV, vpceTlv(ID)] });
    for (let bit = 0; bit < header.length * 8; bit += 1) {
      const turned = Buffer.from(header);
      turned.writeUInt8(header.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const isLocal = turned[12] === 0x20;
      const hasNoChecksum = turned[28] !== 0x03;
      if (!isLocal && !hasNoChecksum) expect(() => parse(turned), `bit ${bit}`).toThrow('PROXY protocol');
    }
  });
});
