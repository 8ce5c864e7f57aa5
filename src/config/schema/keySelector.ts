/** Which key in a token: the one with this CKA_LABEL, this CKA_ID (lower-case hexadecimal), or both. */
export interface KeySelector {
  readonly label?: string | undefined;
  readonly ckaId?: string | undefined;
}

/**
 * Values by selectors. Two selectors may be one key if they agree in all that both say, and both say something. A map, because a
 * comparison of each of thousands of selectors with all others takes long.
 */
export class BySelector<T> {
  readonly #first = new Map<string, { readonly order: number; readonly value: T }>();
  #added = 0;

  /** The value that was added first for a selector that may be the same key. */
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

/** The same text for the same selector. */
function nameOf({ label, ckaId }: KeySelector): string {
  return JSON.stringify([label, ckaId]);
}
