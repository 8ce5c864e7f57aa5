import { authentication } from './cases/authentication.ts';
import { base64Fields } from './cases/base64Fields.ts';
import { cdiv } from './cases/cdiv.ts';
import { decrypt } from './cases/decrypt.ts';
import { encrypt } from './cases/encrypt.ts';
import { errors } from './cases/errors.ts';
import { health } from './cases/health.ts';
import { isolation } from './cases/isolation.ts';
import { keyMetadata } from './cases/keyMetadata.ts';
import { keyUsage } from './cases/keyUsage.ts';
import { limits } from './cases/limits.ts';
import { malformedBodies } from './cases/malformedBodies.ts';
import { requestMetadata } from './cases/requestMetadata.ts';
import { transport } from './cases/transport.ts';
import { uriPaths } from './cases/uriPaths.ts';
import type { Section } from './conformanceCase.ts';

/** The whole suite. The errors come last: they look at all the answers before them. */
export const suite: readonly Section[] = [
  transport,
  health,
  keyMetadata,
  encrypt,
  decrypt,
  cdiv,
  limits,
  base64Fields,
  requestMetadata,
  malformedBodies,
  uriPaths,
  authentication,
  keyUsage,
  isolation,
  errors,
];
