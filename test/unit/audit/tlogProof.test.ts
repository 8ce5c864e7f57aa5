import { describe, expect, it } from 'vitest';
import { formatTlogProof, parseTlogProof } from '../../../src/audit/format/tlogProof.ts';

const hash = Buffer.alloc(32, 7);
const proof = {
  record: Buffer.from('{"index":3,"type":"request"}'),
  index: 3,
  hashes: [hash, hash],
  checkpoint: 'xks.example.com/main\n5\nroot\n\n\u2014 xks.example.com/main AAAA\n',
};
const text = `c2sp.org/tlog-proof@v1
extra eyJpbmRleCI6MywidHlwZSI6InJlcXVlc3QifQ==
index 3
BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=
BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=

xks.example.com/main
5
root

\u2014 xks.example.com/main AAAA
`;

describe('a tlog-proof', () => {
  it('has the form of c2sp.org/tlog-proof@v1', () => {
    expect(formatTlogProof(proof)).toBe(text);
    expect(parseTlogProof(text)).toEqual(proof);
  });

  it('may have no extra data and no hashes', () => {
    const bare = { ...proof, record: undefined, hashes: [] };
    expect(formatTlogProof(bare)).toBe(text.replace(/extra.*\n/, '').replaceAll(/BwcH.*\n/g, ''));
    expect(parseTlogProof(formatTlogProof(bare))).toEqual(bare);
  });

  it.each([
    ['another version', text.replace('@v1', '@v2')],
    ['no index', text.replace('index 3\n', '')],
    ['an index with a leading zero', text.replace('index 3', 'index 03')],
    ['a hash with another length', text.replace('BwcHBwcH', 'BwcH')],
    ['extra data that is not base64', text.replace('extra e', 'extra {')],
    ['extra data behind the index', text.replace(/(extra.*\n)(index.*\n)/, '$2$1')],
    ['no checkpoint', text.slice(0, text.indexOf('\n\n'))],
    ['an index that would be rounded', text.replace('index 3', 'index 9007199254740993')],
    ['a hash in another spelling', text.replace('Bwc=', 'Bwd=')],
    ['extra data in another spelling', text.replace('IifQ==', 'IifR==').replace('QifQ==', 'QifR==')],
    ['nothing', ''],
  ])('with %s is refused', (_what, changed) => {
    expect(parseTlogProof(changed)).toBeUndefined();
  });
});
