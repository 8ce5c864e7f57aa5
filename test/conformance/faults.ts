import { faultyAccess } from './faultyAccess.ts';
import { faultyInput } from './faultyInput.ts';
import { faultyOperations } from './faultyOperations.ts';
import type { FaultySteps } from './faultySteps.ts';

/** What a proxy does wrong, and the cases of that section that must fail of it: those, and no others. */
export type Fault = readonly [what: string, steps: FaultySteps, fails: readonly string[]];
/** By section of the suite. */
export type Faults = Readonly<Record<string, readonly Fault[]>>;

export const faults: Faults = { ...faultyOperations, ...faultyInput, ...faultyAccess };
