import { SocketAddress } from 'node:net';
import { crc32c } from './crc32c.ts';

/** Contents of the PROXY protocol header at the beginning of a connection. */
export interface ProxyHeader {
  /**
   * Whether the load balancer itself opened the connection, for example for a health check. Then nothing else in the header
   * counts.
   */
  readonly local: boolean;
  /** IP address of the client. Undefined for address families other than IPv4 and IPv6. */
  readonly sourceAddress?: string;
  /** Endpoint of AWS PrivateLink. */
  readonly vpcEndpointId?: string;
}

/** Bytes of the fixed part, which ends with the length of the rest. */
export const PROXY_PREFIX_BYTES = 16;

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
// The format allows 65,535 bytes. No load balancer sends a tenth of this limit.
const MAX_REST_BYTES = 16 * 1_024;
const VPC_ENDPOINT_ID = /^vpce-[0-9a-f]{8,32}$/;

/** Family and transport, mapped to the length of both addresses and ports. Datagrams do not arrive on this port. Section 2.2. */
const ADDRESS_BYTES = new Map([
  [0x00, 0],
  [0x11, 12],
  [0x21, 36],
  [0x31, 216],
]);
// Section 2.2.3, and the custom type of AWS with the subtype of PrivateLink.
const TLV_CRC32C = 0x03;
const TLV_AWS = 0xea;
const AWS_VPC_ENDPOINT_ID = 0x01;

/** Returns how many bytes of a header follow its first 16. Throws if these 16 do not begin a header. */
export function proxyRestBytes(prefix: Buffer): number {
  if (!prefix.subarray(0, SIGNATURE.length).equals(SIGNATURE)) throw new Error('no PROXY protocol v2 header');
  const length = prefix.readUInt16BE(14);
  if (length > MAX_REST_BYTES) throw new Error('a PROXY protocol header that is too long');
  return length;
}

/**
 * Parses a whole header, including the prefix that `proxyRestBytes` has read. Throws if it is not valid. PROXY protocol, section
 * 2.2.
 */
export function parseProxyHeader(header: Buffer): ProxyHeader {
  const command = header.readUInt8(12);
  // "the receiver must accept this connection as valid and must [...] discard the protocol block": a Network Load Balancer names
  // IPv4 here and omits the addresses.
  if (command === 0x20) return { local: true };
  if (command !== 0x21) throw new Error('a PROXY protocol header of another version or command');
  const family = header.readUInt8(13);
  const addresses = ADDRESS_BYTES.get(family);
  if (addresses === undefined) throw new Error('a PROXY protocol header of another address family');
  // "the receiver should ignore address information".
  if (family === 0x00) return { local: false };
  const tlvs = PROXY_PREFIX_BYTES + addresses;
  if (header.length < tlvs) throw new Error('a PROXY protocol header without its addresses');
  const sourceAddress = readSource(family, header.subarray(PROXY_PREFIX_BYTES));
  const vpcEndpointId = readTlvs(header, tlvs);
  return { local: false, ...(sourceAddress && { sourceAddress }), ...(vpcEndpointId && { vpcEndpointId }) };
}

function readSource(family: number, bytes: Buffer): string | undefined {
  if (family === 0x11) return bytes.subarray(0, 4).join('.');
  if (family !== 0x21) return undefined;
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return new SocketAddress({ family: 'ipv6', address: groups.join(':') }).address;
}

/**
 * Verifies the checksum if there is one, and returns the VPC endpoint id if there is one. The protocol allows any type to occur
 * several times. This function refuses two checksums, and VPC endpoints that differ.
 */
function readTlvs(header: Buffer, start: number): string | undefined {
  let checksum: Buffer | undefined;
  let vpcEndpointId: string | undefined;
  for (let at = start; at < header.length;) {
    if (header.length - at < 3) throw new Error('a PROXY protocol header with half a TLV');
    const type = header.readUInt8(at);
    const end = at + 3 + header.readUInt16BE(at + 1);
    if (end > header.length) throw new Error('a PROXY protocol header with half a TLV');
    const value = header.subarray(at + 3, end);
    at = end;
    if (type === TLV_CRC32C) {
      if (checksum) throw new Error('a PROXY protocol header with two checksums');
      checksum = value;
    } else if (type === TLV_AWS && value[0] === AWS_VPC_ENDPOINT_ID) {
      const id = readVpcEndpointId(value.subarray(1));
      if (id !== (vpcEndpointId ?? id)) throw new Error('a PROXY protocol header with two VPC endpoints');
      vpcEndpointId = id;
    }
  }
  if (checksum) verifyChecksum(header, checksum);
  return vpcEndpointId;
}

// "The checksum field is supposed to be filled with zeros": section 2.2.3.
function verifyChecksum(header: Buffer, checksum: Buffer): void {
  const copy = Buffer.from(header);
  copy.fill(0, checksum.byteOffset - header.byteOffset, checksum.byteOffset - header.byteOffset + checksum.length);
  if (checksum.length !== 4 || checksum.readUInt32BE() !== crc32c(copy))
    throw new Error('a PROXY protocol header with a wrong checksum');
}

function readVpcEndpointId(value: Buffer): string {
  const id = value.toString('latin1');
  if (!VPC_ENDPOINT_ID.test(id)) throw new Error('a PROXY protocol header with a wrong VPC endpoint id');
  return id;
}
