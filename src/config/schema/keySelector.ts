/** Which key in a token: the one with this CKA_LABEL, this CKA_ID (lower-case hexadecimal), or both. */
export interface KeySelector {
  readonly label?: string | undefined;
  readonly ckaId?: string | undefined;
}

/** Whether two selectors agree in all that both say, and both say something. */
export function mayBeOneKey(one: KeySelector, other: KeySelector): boolean {
  const saidByBoth = (['label', 'ckaId'] as const).filter((attribute) => {
    return one[attribute] !== undefined && other[attribute] !== undefined;
  });
  return saidByBoth.length > 0 && saidByBoth.every((attribute) => one[attribute] === other[attribute]);
}
