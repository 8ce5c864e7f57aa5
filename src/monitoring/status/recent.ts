import { addRequests, type RequestCounts } from './requestCounts.ts';
import type { Sample } from './sample.ts';
import type { StatusFacts } from './statusFacts.ts';

/** Counts of the last minutes. */
export interface Recent {
  readonly minutes: number;
  readonly seconds: number;
  readonly samples: readonly Sample[];
  /** Key stores that had requests, by their names. */
  readonly keyStores: ReadonlyMap<string, RequestCounts>;
  /** Unsigned requests, with or without a key store. */
  readonly unauthenticated: number;
}

// Requests whose path names no key store.
const NONE = 'none';

const made = new WeakMap<StatusFacts, Map<number, Recent>>();

/** Adds up the samples, once for all alerts of a page, because there may be a thousand key stores. */
export function recentOf(facts: StatusFacts, minutes: number): Recent {
  const ofFacts = made.get(facts) ?? new Map<number, Recent>();
  made.set(facts, ofFacts);
  const recent = ofFacts.get(minutes) ?? addUp(facts, minutes);
  ofFacts.set(minutes, recent);
  return recent;
}

function addUp({ samples: all, now }: StatusFacts, minutes: number): Recent {
  const samples = all.filter(({ at }) => at > now - minutes * 60_000);
  const byName = Map.groupBy(
    samples.flatMap(({ keyStores }) => [...keyStores]),
    ([name]) => name,
  );
  const keyStores = new Map([...byName].map(([name, its]) => [name, addRequests(its.map(([, requests]) => requests))]));
  const unauthenticated = [...keyStores.values()].reduce((sum, requests) => sum + requests.unauthenticated, 0);
  keyStores.delete(NONE);
  const seconds = samples.reduce((sum, sample) => sum + sample.seconds, 0);
  return { minutes, seconds, samples, keyStores, unauthenticated };
}
