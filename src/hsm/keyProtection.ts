import type { KeyDescription } from './keyManager.ts';

/** Why a key is not protected: it can leave the key manager, or its bytes can be read in the clear. */
export type ProtectionProblem = 'extractable' | 'not_sensitive';

/** What the key manager says against the protection of a key; nothing of what it does not say. */
export function protectionProblems({ extractable, sensitive }: KeyDescription): ProtectionProblem[] {
  return [
    ...(extractable === true ? (['extractable'] as const) : []),
    ...(sensitive === false ? (['not_sensitive'] as const) : []),
  ];
}
