import { faultyAccess } from './faultyAccess.ts';
import { faultyDecrypt } from './faultyDecrypt.ts';
import { faultyInput } from './faultyInput.ts';
import { faultyOperations } from './faultyOperations.ts';
import { faultyPaths } from './faultyPaths.ts';
import type { FaultySteps } from './faultySteps.ts';
import { faultyTransport } from './faultyTransport.ts';

/** The errors of a faulty proxy, and exactly the cases of the section that must fail because of them. */
export type Fault = readonly [what: string, steps: FaultySteps, fails: readonly string[]];
/** Faults by section of the suite. */
export type Faults = Readonly<Record<string, readonly Fault[]>>;

export const faults: Faults = {
  ...faultyTransport,
  ...faultyOperations,
  ...faultyDecrypt,
  ...faultyInput,
  ...faultyPaths,
  ...faultyAccess,
};
