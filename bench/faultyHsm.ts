import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createFaultyModule, type FaultyModule } from '../test/support/faultyModule.ts';
import type { SoftHsmFixture } from '../test/support/softHsm.ts';

/** An HSM that goes wrong when it is told to. */
export interface FaultyHsm {
  /** The label of its token. */
  readonly name: string;
  /** In front of a copy of SoftHSM. */
  readonly module: FaultyModule;
  /** Where SoftHSM keeps the token, in the folder of all tokens of one proxy. */
  readonly tokenFolder: string;
  /** Whether the token has the key of the proxy's health check. */
  hasHealthKey(): boolean;
  /** Another program deletes the key of the proxy's health check. */
  destroyHealthKey(): void;
}

// The default of `healthKey`.
const HEALTH_KEY = 'xks-health';

/** Makes an HSM with a token of its own, which has the key `known` of this value. */
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
