import { KmsError } from '../kmsError.ts';

export interface Page<Item> {
  readonly page: readonly Item[];
  readonly Truncated: boolean;
  /** The Marker of the next page, if there is one. */
  readonly NextMarker?: string;
}

export interface PageRequest {
  /** 100 by default. */
  readonly Limit?: number | undefined;
  readonly Marker?: string | undefined;
}

/**
 * The page of `items`, which are in the order of their ids, that begins after the one that `Marker` stands for, whether that
 * still exists or not. Throws InvalidMarkerException.
 */
export function paginate<Item>(items: readonly Item[], request: PageRequest, idOf: (item: Item) => string): Page<Item> {
  return pageAfter((previous) => items.filter((item) => idOf(item) > previous), request, idOf);
}

/** The same of items that are read: at least `count`, if there are so many, whose ids come after one. Throws InvalidMarkerException. */
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

/** A marker is opaque: Base64, so that nobody is led to make one. */
export function markerOf(id: string): string {
  return Buffer.from(`after ${id}`).toString('base64url');
}

/** The id that a marker was made of; undefined for any other text. */
export function idOfMarker(marker: string): string | undefined {
  const [, id] = /^after (.+)$/s.exec(Buffer.from(marker, 'base64url').toString()) ?? [];
  return id !== undefined && markerOf(id) === marker ? id : undefined;
}
