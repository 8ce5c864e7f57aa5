import type { KeyDescription } from './keyManager.ts';

/** Why a key is not protected: it can leave the key manager, or its bytes can be read in the clear. */
export type ProtectionProblem = 'extractable' | 'not_sensitive';

/** Returns the problems that the key manager reports. Attributes that it does not report are no problems. */
export function protectionProblems({ extractable, sensitive }: KeyDescription): ProtectionProblem[] {
  return [
    ...(extractable === true ? (['extractable'] as const) : []),
    ...(sensitive === false ? (['not_sensitive'] as const) : []),
  ];
}
