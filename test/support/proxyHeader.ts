import { crc32c } from '../../src/server/crc32c.ts';

export type Tlv = readonly [type: number, value: Buffer];

export interface ProxyHeaderParts {
  /** Version and command byte. */
  readonly command?: number;
  /** Address family and transport byte. */
  readonly family?: number;
  readonly addresses?: Buffer;
  readonly tlvs?: readonly Tlv[];
  /** Length field that replaces the right one. */
  readonly length?: number;
}

export const CRC32C_TLV: Tlv = [0x03, Buffer.alloc(4)];
export const CLIENT_ADDRESS = '10.1.2.3';

export function vpceTlv(id: string): Tlv {
  return [0xea, Buffer.concat([Buffer.from([0x01]), Buffer.from(id, 'latin1')])];
}

/**
 * A PROXY protocol v2 header, by default of a TCP connection over IPv4 from CLIENT_ADDRESS. A checksum of zeros becomes
 * the right one.
 */
export function proxyHeader(parts: ProxyHeaderParts = {}): Buffer {
  const { command = 0x21, family = 0x11, tlvs = [] } = parts;
  const { addresses = Buffer.from([10, 1, 2, 3, 10, 0, 0, 1, 0xc0, 0x01, 0x01, 0xbb]) } = parts;
  const fields = tlvs.map(([type, value]) => Buffer.concat([Buffer.from([type]), uint16(value.length), value]));
  const rest = Buffer.concat([addresses, ...fields]);
  const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
  const header = Buffer.concat([signature, Buffer.from([command, family]), uint16(parts.length ?? rest.length), rest]);
  const place = header.indexOf(Buffer.from([0x03, 0, 4, 0, 0, 0, 0]));
  if (tlvs.includes(CRC32C_TLV)) header.writeUInt32BE(crc32c(header), place + 3);
  return header;
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
