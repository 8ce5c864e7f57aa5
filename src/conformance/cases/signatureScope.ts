import type { ConformanceCase } from '../conformanceCase.ts';
import { formatAmzDate } from '../../xksClient/signRequest.ts';
import { rejects, verifies } from './signatureCases.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const signedAt = (offset: number) => (probe: { readonly target: { readonly clock: () => number } }) => ({
  time: probe.target.clock() + offset,
});

/** Cases about the credential scope and the time of a signature. */
export const signatureScope: readonly ConformanceCase[] = [
  rejects('scope-service', 'MUST', 'the credential scope of another service', () => ({ scope: { service: 's3' } })),
  rejects('scope-terminator', 'MUST', 'a credential scope that does not end in aws4_request', () => ({
    scope: { terminator: 'aws5_request' },
  })),
  rejects('scope-region', 'SHOULD', 'the credential scope of a nonexistent Region', () => ({
    scope: { region: 'mars-north-1' },
  })),
  rejects('scope-date', 'SHOULD', 'a credential scope whose date differs from x-amz-date', ({ target }) => ({
    scope: { date: formatAmzDate(target.clock() - 2 * DAY).slice(0, 8) },
  })),
  // "MUST also ensure that the timestamp on the request is 'recent'"; the five minutes are a SHOULD.
  rejects('day-old', 'MUST', 'a request signed a day ago', signedAt(-DAY)),
  rejects('hour-old', 'MUST', 'a request signed an hour ago', signedAt(-HOUR)),
  rejects('hour-ahead', 'MUST', 'a request whose x-amz-date is an hour in the future', signedAt(HOUR)),
  rejects('6-minutes-old', 'SHOULD', 'a request signed 6 minutes ago', signedAt(-6 * MINUTE)),
  rejects('6-minutes-ahead', 'SHOULD', 'a request whose x-amz-date is 6 minutes in the future', signedAt(6 * MINUTE)),
  verifies('4-minutes-old', 'SHOULD', 'a request signed 4 minutes ago', signedAt(-4 * MINUTE)),
  verifies('4-minutes-ahead', 'SHOULD', 'a request whose x-amz-date is 4 minutes in the future', signedAt(4 * MINUTE)),
  rejects('amz-date-format', 'MUST', 'an x-amz-date in another format', ({ target }) => ({
    amzDate: new Date(target.clock()).toUTCString(),
    scope: { date: formatAmzDate(target.clock()).slice(0, 8) },
  })),
];
