import fc from 'fast-check';
import { describe, it } from 'vitest';
import { decodeBase64, encodeBase64 } from '../../src/xks/base64.ts';

// RFC 4648 section 4, with zeros as padding bits.
const STRICT = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/;

const nearlyBase64 = fc.string({
  unit: fc.constantFrom(...Array.from('AQgwBCZaz019+/=-_ \n\0é')),
  maxLength: 12,
});

describe('decodeBase64', () => {
  it('accepts exactly strict Base64', () => {
    fc.assert(
      fc.property(fc.oneof(nearlyBase64, fc.base64String(), fc.string({ unit: 'binary' })), (text) => {
        return (decodeBase64(text) !== undefined) === STRICT.test(text);
      }),
      { numRuns: 20_000 },
    );
  });

  it('returns the encoded bytes, and accepts one spelling of them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const decoded = decodeBase64(encodeBase64(bytes));
        return decoded?.equals(bytes) === true && encodeBase64(decoded) === encodeBase64(bytes);
      }),
      { numRuns: 2_000 },
    );
  });
});
