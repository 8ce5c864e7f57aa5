import type { XksApi } from '../xks/path.ts';

/** Texts by name. It has no prototype, because a name may be any text. */
export type Texts = Readonly<Record<string, string>>;

export interface EntityName {
  readonly type: string;
  readonly id: string;
}

export interface Entity extends EntityName {
  readonly attributes: Texts;
  readonly parents: readonly EntityName[];
}

/** APIs whose requests a policy decides: all except GetHealthStatus. */
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
