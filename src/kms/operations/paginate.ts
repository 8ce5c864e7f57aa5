import { KmsError } from '../kmsError.ts';

export interface Page<Item> {
  readonly page: readonly Item[];
  readonly Truncated: boolean;
  /** The Marker for the next page, if there is one. */
  readonly NextMarker?: string;
}

export interface PageRequest {
  /** The default is 100. */
  readonly Limit?: number | undefined;
  readonly Marker?: string | undefined;
}

/**
 * Returns the page of items that follows the item of `Marker`, even if that item no longer exists. `items` must be in the order of their
 * ids. Throws InvalidMarkerException.
 */
export function paginate<Item>(items: readonly Item[], request: PageRequest, idOf: (item: Item) => string): Page<Item> {
  return pageAfter((previous) => items.filter((item) => idOf(item) > previous), request, idOf);
}

/**
 * Does the same for items that `read` supplies. `read` returns the items that follow `id`: at least `count`, or all if there are fewer.
 * Throws InvalidMarkerException.
 */
export function pageAfter<Item>(
  read: (id: string, count: number) => readonly Item[],
  { Limit = 100, Marker }: PageRequest,
  idOf: (item: Item) => string,
): Page<Item> {
  const previous = Marker === undefined ? '' : idOfMarker(Marker);
  if (previous === undefined) throw new KmsError('InvalidMarkerException', 'Marker is not valid.');
  const rest = read(previous, Limit + 1);
  const page = rest.slice(0, Limit);
  const last = page.at(-1);
  if (last === undefined || page.length === rest.length) return { page, Truncated: false };
  return { page, Truncated: true, NextMarker: markerOf(idOf(last)) };
}

/** Returns the marker of an id. It is Base64, so that clients treat it as opaque. */
export function markerOf(id: string): string {
  return Buffer.from(`after ${id}`).toString('base64url');
}

/** Returns the id in a marker, or undefined for any other text. */
export function idOfMarker(marker: string): string | undefined {
  const [, id] = /^after (.+)$/s.exec(Buffer.from(marker, 'base64url').toString()) ?? [];
  return id !== undefined && markerOf(id) === marker ? id : undefined;
}
