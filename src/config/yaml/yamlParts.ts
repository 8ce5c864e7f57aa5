import { isCollection, isMap, isPair, isSeq, type CST, type Pair, type YAMLMap, type YAMLSeq } from 'yaml';
import type { Span } from './textLines.ts';

export type Container = YAMLMap | YAMLSeq;

/**
 * Places of the entries of a map or list in the text. Each begins with its dash or key and ends with its value, before any
 * comment.
 */
export function partsOf(container: Container): Span[] {
  const tokens = tokensOf(container);
  return container.items.map((item, index) => {
    const { start = [], key, value } = tokens[index] ?? {};
    const first = start.find(({ type }) => ['seq-item-ind', 'explicit-key-ind', 'anchor', 'tag'].includes(type));
    return { from: (first ?? key ?? value)?.offset ?? NaN, to: contentEnd(item) };
  });
}

/** Offset at which the value of a pair may begin, after its colon, anchor and tag. */
export function valueStart({ srcToken }: Pair): number {
  const marks = (srcToken?.sep ?? []).filter(({ type }) => ['map-value-ind', 'anchor', 'tag'].includes(type));
  const last = marks.at(-1);
  return last ? last.offset + last.source.length : NaN;
}

/** Whether a pair has an anchor or a tag before its value. */
export function hasMark({ srcToken }: Pair): boolean {
  return srcToken?.sep?.some(({ type }) => type === 'anchor' || type === 'tag') ?? false;
}

/** Offset at which the text of a value ends, before any comment. */
export function contentEnd(node: unknown): number {
  if (isPair(node)) return node.value ? contentEnd(node.value) : contentEnd(node.key);
  // The range of a list or map that is written in lines extends to the next line.
  const last = (isMap(node) || isSeq(node)) && !node.flow ? (node.items as unknown[]).at(-1) : undefined;
  if (last !== undefined) return contentEnd(last);
  return (node as { range?: readonly [number, number, number] }).range?.[1] ?? NaN;
}

export function isFlow(node: unknown): boolean {
  return isCollection(node) && node.flow === true;
}

type Token = Pick<CST.CollectionItem, 'start' | 'key' | 'value'>;

// A comment after the last entry makes one more token.
function tokensOf(container: Container): readonly Partial<Token>[] {
  const { srcToken } = container as { srcToken?: { readonly items: readonly CST.CollectionItem[] } };
  return srcToken?.items ?? [];
}
