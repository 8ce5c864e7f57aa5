import type { XksApi } from '../xks/path.ts';

/** Texts by name, without a prototype: a name may be any text. */
export type Texts = Readonly<Record<string, string>>;

export interface EntityName {
  readonly type: string;
  readonly id: string;
}

export interface Entity extends EntityName {
  readonly attributes: Texts;
  readonly parents: readonly EntityName[];
}

/** The APIs that a policy is asked for: all but GetHealthStatus. */
export type KeyApi = Exclude<XksApi, 'GetHealthStatus'>;

/** A request in the terms of `cedarSchema`. */
export interface CedarRequest {
  readonly principal: Entity;
  readonly action: KeyApi;
  readonly resource: Entity & { readonly tags: Texts };
  readonly context: Texts;
  /** The tags of `context.otherMetadata`. */
  readonly otherMetadata: Texts;
}
