import { z } from 'zod';

/** Rules of a field, beside its type, for describing its changes. */
export interface ChangeRule {
  /** When a change takes effect with a restart only. A field without this rule has the rule of the map that it is in. */
  readonly restart?: 'needed' | 'not needed' | 'to add or remove';
  /** Whether neither the old nor the new value may be shown. */
  readonly isHidden?: boolean;
  /**
   * For a list of maps: the keys whose values name an entry; the first key that the entry has counts. Without this rule, a list
   * is one value.
   */
  readonly namedBy?: readonly string[];
  /** For a list that is `namedBy`: whether its order counts. */
  readonly isOrdered?: boolean;
}

/** Rules of the configuration's fields. A schema registers its own rules last. */
export const changeRules = z.registry<ChangeRule>();
