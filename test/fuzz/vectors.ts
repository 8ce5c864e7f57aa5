import { z } from 'zod';
import { readVectors } from '../support/readVectors.ts';

// The parts of test/vectors that serve as seeds. The parsers' own tests validate the whole schema of the vectors.

export const signatureVectors = readVectors(
  'sigv4.json',
  z.object({
    vectors: z.array(z.object({ path: z.string(), body: z.string(), headers: z.record(z.string(), z.string()) })),
  }),
).vectors;

export const proxyHeaderVectors = readVectors(
  'proxyProtocol.json',
  z.object({ vectors: z.array(z.object({ header: z.string() })) }),
).vectors;

export const noteVectors = readVectors(
  'signedNotes.json',
  z.object({ vectors: z.array(z.object({ vkey: z.string(), note: z.string() })) }),
).vectors;
