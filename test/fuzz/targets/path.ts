import assert from 'node:assert/strict';
import { parsePath } from '../../../src/xks/path.ts';
import { parsePathBySegments } from '../../support/pathGrammar.ts';
import { paths } from '../../support/messages.ts';
import type { FuzzTarget } from '../fuzzTarget.ts';

/** The target of a request, which can have any byte except blanks. */
export const target: FuzzTarget = {
  maxBytes: 16_384,
  seeds: [
    ...Object.values(paths),
    '/kms/xks/v1/health',
    '/a/kms/xks/v1/keys/../encrypt',
    '/kms/xks/v1/keys/o/constructor',
    `/kms/xks/v1/keys/${'k'.repeat(128)}/metadata`,
  ],
  words: ['/kms/xks/v1/', '/health', 'keys/', '/metadata', '/encrypt', '/decrypt', '..', '%2e'],
  check: (input) => {
    const text = input.toString('latin1');
    assert.deepEqual(parsePath(text), parsePathBySegments(text));
  },
};
