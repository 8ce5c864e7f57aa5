import { z } from 'zod';
import { parseInput } from '../parseInput.ts';
import { idOfMarker, markerOf } from '../paginate.ts';
import { invalidRequest } from './cloudHsmOperation.ts';

/** A filter of a Describe operation: the values that it accepts, and the value of an item that it compares. */
export interface Filter<Item> {
  readonly values: z.ZodType<string>;
  readonly valueOf: (item: Item) => string | undefined;
}

/** Returns the items that pass all filters of a request. Throws CloudHsmInvalidRequestException for unknown filters and invalid values. */
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
    // Checked inside an object, so that the exception names the filter.
    parseInput(z.object({ Filters: z.object({ [name]: z.array(filter.values) }) }), { Filters: { [name]: values } });
    return left.filter((item) => values.includes(filter.valueOf(item) ?? ''));
  }, items);
}

/**
 * Returns the page of items that follows the item of NextToken. `keyOf` must return a different text for each item. The items may be in any
 * order.
 */
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

/** Returns a text that sorts by time. */
export function timeKey(timestamp: number, id: string): string {
  return `${String(timestamp).padStart(16, '0')} ${id}`;
}
