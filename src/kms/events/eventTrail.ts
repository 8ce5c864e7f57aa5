import type { CloudTrailEvent } from './cloudTrailEvent.ts';

type Listener = (event: CloudTrailEvent, json: string) => void;

const MAX_EVENTS = 1_000;
// Limits the memory for events with large policies.
const MAX_CHARACTERS = 8 * 1024 * 1024;

/** The events of this process, in order. The latest are kept, and subscribers get each new one. */
export class EventTrail {
  readonly #listeners = new Set<Listener>();
  readonly #kept: { readonly event: CloudTrailEvent; readonly characters: number }[] = [];
  #characters = 0;

  /** The latest events, oldest first. At most 1,000, or fewer if they are large. */
  get latest(): readonly CloudTrailEvent[] {
    return this.#kept.map(({ event }) => event);
  }

  /** Calls `listener` with each new event and its JSON. It must not throw. Returns a function that ends the subscription. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  add(event: CloudTrailEvent): void {
    const json = JSON.stringify(event);
    this.#keep(event, json.length);
    for (const listener of this.#listeners) listener(event, json);
  }

  #keep(event: CloudTrailEvent, characters: number): void {
    this.#kept.push({ event, characters });
    this.#characters += characters;
    while (this.#kept.length > MAX_EVENTS || this.#characters > MAX_CHARACTERS) {
      this.#characters -= this.#kept.shift()?.characters ?? 0;
    }
  }
}
