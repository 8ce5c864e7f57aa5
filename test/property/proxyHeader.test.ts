import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseProxyHeader, proxyRestBytes } from '../../src/server/proxyHeader.ts';
import { readProxyHeader } from '../../src/server/readProxyHeader.ts';
import { CLIENT_ADDRESS, CRC32C_TLV, proxyHeader, vpceTlv, type Tlv } from '../support/proxyHeader.ts';

const vpcEndpointId = fc.stringMatching(/^vpce-[0-9a-f]{17}$/);
const otherTlv = fc.tuple(fc.integer({ min: 0x20, max: 0xdf }), fc.uint8Array({ maxLength: 60 }));
const tlvs = fc
  .tuple(fc.array(otherTlv, { maxLength: 5 }), vpcEndpointId, fc.boolean())
  .chain(([others, id, checked]) =>
    fc.tuple(
      fc.constant(id),
      fc.shuffledSubarray<Tlv>(
        [
          ...others.map(([type, value]): Tlv => [type, Buffer.from(value)]),
          vpceTlv(id),
          ...(checked ? [CRC32C_TLV] : []),
        ],
        { minLength: others.length + 1 + Number(checked) },
      ),
    ),
  );

/**
 * Reads the header from a connection on which these bytes arrive in pieces, split at `cuts`. Returns the bytes after
 * the header.
 */
async function read(bytes: Buffer, cuts: readonly number[], ends = false) {
  const stream = new PassThrough();
  const header = readProxyHeader(stream, 5_000);
  const places = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length];
  for (const [index, place] of places.entries()) {
    if (index > 0) stream.write(bytes.subarray(places[index - 1], place));
    await new Promise(setImmediate);
  }
  if (ends) stream.end();
  const said = await header;
  return {
    said,
    left: (stream.read() as Buffer | null) ?? Buffer.alloc(0),
    listeners: stream.listenerCount('readable'),
  };
}

describe('readProxyHeader', () => {
  it('reads exactly the header, in whatever pieces it arrives', async () => {
    const cuts = fc.array(fc.nat(), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(tlvs, fc.uint8Array({ maxLength: 300 }), cuts, async ([id, written], after, places) => {
        const bytes = Buffer.concat([proxyHeader({ tlvs: written }), after]);
        const { said, left, listeners } = await read(bytes, places);
        expect(said).toEqual({ local: false, sourceAddress: CLIENT_ADDRESS, vpcEndpointId: id });
        expect(left).toEqual(Buffer.from(after));
        expect(listeners).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it('throws if the connection ends anywhere inside the header', async () => {
    const header = proxyHeader({ tlvs: [vpceTlv('vpce-0123456789abcdef0')] });
    for (let length = 0; length < header.length; length += 1) {
      const stream = new PassThrough();
      stream.end(header.subarray(0, length));
      await expect(readProxyHeader(stream, 5_000)).rejects.toThrow('ended before');
    }
  });

  it('returns nothing for a connection that this side has closed', async () => {
    const stream = new PassThrough();
    const header = readProxyHeader(stream, 5_000);
    stream.destroy();
    expect(await header).toBeUndefined();
  });
});

describe('hostile bytes', () => {
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    // A valid beginning, or a header with a part replaced by other bytes.
    fc.uint8Array({ maxLength: 2_100 }).map((bytes) => Buffer.concat([proxyHeader().subarray(0, 12), bytes])),
    fc
      .tuple(tlvs, fc.nat({ max: 100 }), fc.uint8Array({ minLength: 1, maxLength: 8 }))
      .map(([[, written], at, bytes]) => {
        const header = proxyHeader({ tlvs: written });
        header.set(bytes.subarray(0, header.length - (at % header.length)), at % header.length);
        return header;
      }),
  );

  it('are refused with a reason, or are a valid header', () => {
    fc.assert(
      fc.property(hostile, (bytes) => {
        const whole = Buffer.concat([bytes, Buffer.alloc(16)]);
        try {
          const rest = proxyRestBytes(whole.subarray(0, 16));
          const { local, vpcEndpointId, sourceAddress, ...others } = parseProxyHeader(whole.subarray(0, 16 + rest));
          expect(others).toEqual({});
          expect(local ? (vpcEndpointId ?? sourceAddress) : undefined).toBeUndefined();
          expect(vpcEndpointId ?? 'vpce-00000000').toMatch(/^vpce-[0-9a-f]{8,32}$/);
        } catch (error) {
          expect((error as Error).message).toMatch(/^(no|a) PROXY protocol/);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
