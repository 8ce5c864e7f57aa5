/** Selects a key in a token by its CKA_LABEL, its CKA_ID (lower-case hexadecimal), or both. */
export interface KeySelector {
  readonly label?: string | undefined;
  readonly ckaId?: string | undefined;
}

/**
 * Values by selectors. Two selectors may select one key if they agree in every member that both have, and have one in common. It
 * is a map, because comparing each of thousands of selectors with all others takes too long.
 */
export class BySelector<T> {
  readonly #first = new Map<string, { readonly order: number; readonly value: T }>();
  #added = 0;

  /** Returns the first value that was added for a selector of possibly the same key. */
  find({ label, ckaId }: KeySelector): T | undefined {
    const isBoth = label !== undefined && ckaId !== undefined;
    const names = isBoth
      ? [nameOf({ label, ckaId }), nameOf({ label }), nameOf({ ckaId })]
      : [`any ${nameOf({ label, ckaId })}`];
    const found = names.flatMap((name) => this.#first.get(name) ?? []).sort((a, b) => a.order - b.order);
    return found[0]?.value;
  }

  add({ label, ckaId }: KeySelector, value: T): void {
    const order = this.#added++;
    const names = [nameOf({ label, ckaId }), `any ${nameOf({ label })}`, `any ${nameOf({ ckaId })}`];
    for (const name of names) if (!this.#first.has(name)) this.#first.set(name, { order, value });
  }
}

/** Returns the same text for equal selectors. */
function nameOf({ label, ckaId }: KeySelector): string {
  return JSON.stringify([label, ckaId]);
}
