import { z } from 'zod';
import { parseInput } from '../parseInput.ts';
import { idOfMarker, markerOf } from '../paginate.ts';
import { invalidRequest } from './cloudHsmOperation.ts';

/** What a filter of a Describe operation accepts, and what it compares. */
export interface Filter<Item> {
  readonly values: z.ZodType<string>;
  readonly valueOf: (item: Item) => string | undefined;
}

/** The items that pass all filters of a request. Throws CloudHsmInvalidRequestException for filters and values that there are not. */
export function select<Item>(
  items: readonly Item[],
  given: Readonly<Record<string, readonly string[]>>,
  filters: Readonly<Record<string, Filter<Item>>>,
): readonly Item[] {
  return Object.entries(given).reduce((left, [name, values]) => {
    const filter = Object.hasOwn(filters, name) ? filters[name] : undefined;
    if (!filter) {
      throw invalidRequest(`There is no filter ${name}. The filters are ${Object.keys(filters).join(', ')}.`);
    }
    // For an exception that names the filter.
    parseInput(z.object({ Filters: z.object({ [name]: z.array(filter.values) }) }), { Filters: { [name]: values } });
    return left.filter((item) => values.includes(filter.valueOf(item) ?? ''));
  }, items);
}

/** The page of items that begins after the one that NextToken stands for. `keyOf` gives different text for each, in any order. */
export function pageOf<Item>(
  items: readonly Item[],
  { MaxResults, NextToken }: { readonly MaxResults?: number | undefined; readonly NextToken?: string | undefined },
  most: number,
  order: { readonly keyOf: (item: Item) => string; readonly descending?: boolean },
): { readonly page: readonly Item[]; readonly NextToken?: string } {
  const { keyOf, descending = false } = order;
  const isBefore = (a: string, b: string) => (descending ? a > b : a < b);
  const previous = NextToken === undefined ? undefined : idOfMarker(NextToken);
  if (NextToken !== undefined && previous === undefined) throw invalidRequest('NextToken is not valid.');
  const rest = items
    .filter((item) => previous === undefined || isBefore(previous, keyOf(item)))
    .toSorted((a, b) => (isBefore(keyOf(a), keyOf(b)) ? -1 : 1));
  const page = rest.slice(0, MaxResults ?? most);
  const last = page.at(-1);
  if (last === undefined || page.length === rest.length) return { page };
  return { page, NextToken: markerOf(keyOf(last)) };
}

/** A key in the order of time. */
export function timeKey(timestamp: number, id: string): string {
  return `${String(timestamp).padStart(16, '0')} ${id}`;
}
