import type { X509Certificate } from 'node:crypto';
import { nameOf } from './certificateChain.ts';
import type { CertificateFinding } from './certificateFinding.ts';

const DAY_MS = 86_400_000;
const SOON_DAYS = 30;

/** Judges whether a certificate is valid now, and for another 30 days. */
export function judgeDates(
  check: CertificateFinding['check'],
  certificate: X509Certificate,
  now: Date,
): CertificateFinding {
  const name = nameOf(certificate);
  const from = certificate.validFromDate;
  const to = certificate.validToDate;
  if (now < from) {
    const advice = 'Wait until then, or check the clock of this machine.';
    return { check, level: 'failure', message: `${name} is not valid before ${day(from)}.`, advice };
  }
  if (now > to) return { check, level: 'failure', message: `${name} expired on ${day(to)}.`, advice: RENEW };
  const days = Math.floor((to.getTime() - now.getTime()) / DAY_MS);
  const message = `${name} expires on ${day(to)}, in ${days} days.`;
  return days < SOON_DAYS ? { check, level: 'warning', message, advice: RENEW } : { check, level: 'ok', message };
}

const RENEW = 'Renew it: docs/operations.md, "Renewing certificates".';

function day(date: Date): string {
  return date.toISOString();
}
