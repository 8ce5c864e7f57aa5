import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createFaultyModule, type FaultyModule } from '../test/support/faultyModule.ts';
import type { SoftHsmFixture } from '../test/support/softHsm.ts';

/** HSM with faults that can be switched on. */
export interface FaultyHsm {
  /** The label of its token. */
  readonly name: string;
  /** Module that causes the faults, in front of a copy of SoftHSM. */
  readonly module: FaultyModule;
  /** Folder of the token, in the folder of all tokens of one proxy. */
  readonly tokenFolder: string;
  /** Whether the token has the key of the proxy's health check. */
  hasHealthKey(): boolean;
  /** Deletes the key of the proxy's health check, as another program might. */
  destroyHealthKey(): void;
}

// The default of `healthKey`.
const HEALTH_KEY = 'xks-health';

/** Makes an HSM with its own token, which has the key `known` with this value. */
export function createFaultyHsm(softHsm: SoftHsmFixture, name: string, value: Buffer): FaultyHsm {
  const tokens = join(dirname(softHsm.env.SOFTHSM2_CONF), 'tokens');
  const others = new Set(readdirSync(tokens));
  softHsm.addToken(name);
  const [own] = readdirSync(tokens).filter((folder) => !others.has(folder));
  if (own === undefined) throw new Error(`SoftHSM has made no folder for the token ${name}`);
  softHsm.importKey('known', value, [], name);
  return {
    name,
    module: createFaultyModule({ ...softHsm, separate: true }),
    tokenFolder: join(tokens, own),
    hasHealthKey: () => softHsm.hasKey(HEALTH_KEY, name),
    destroyHealthKey: () => {
      softHsm.destroyKey(HEALTH_KEY, name);
    },
  };
}
