import { z } from 'zod';

/** What is known of a field beside its type, for those that tell of its changes. */
export interface ChangeRule {
  /** Whether a change takes effect with a restart only. Fields that do not say so are like the map that they are in. */
  readonly restart?: 'needed' | 'not needed' | 'to add or remove';
  /** Whether neither the old nor the new value may be shown. */
  readonly isHidden?: boolean;
  /** Of a list of maps: the keys whose values name an entry, the first one that it has. Without it, a list is one value. */
  readonly namedBy?: readonly string[];
  /** Of a list that is `namedBy`: whether its order counts. */
  readonly isOrdered?: boolean;
}

/** Rules of the configuration's fields. A schema registers its own, after all else is said of it. */
export const changeRules = z.registry<ChangeRule>();
