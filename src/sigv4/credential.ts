import type { Secret } from '../secret.ts';

/** One SigV4 credential of a key store. Shapes: spec, Appendix A. */
export interface Credential {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
}

/** 20 to 30 characters of `A-Z2-7`. */
export const ACCESS_KEY_ID_PATTERN = /^[A-Z2-7]{20,30}$/;
/** 43 to 64 characters of `A-Za-z0-9/+=`. */
export const SECRET_ACCESS_KEY_PATTERN = /^[A-Za-z0-9/+=]{43,64}$/;
