import { z } from 'zod';
import { hasRepeatedFields } from '../xks/repeatedFields.ts';

/** A blocked key store, or with `externalKeyId` one key of it. */
export interface Block {
  readonly keyStore: string;
  readonly externalKeyId?: string | undefined;
  /** When it was blocked, as ISO 8601 writes it. */
  readonly since?: string | undefined;
  /** System user who blocked it. */
  readonly by?: string | undefined;
}

/** A block list that cannot be read. The message says why; it continues a sentence that begins with the name of the file. */
export class BlockListProblem extends Error {
  override readonly name = 'BlockListProblem';
  /** Whether the contents of the file are wrong, so that reading it again is of no use before they change. */
  readonly isInFile: boolean;

  constructor(message: string, { isInFile = false, ...options }: ErrorOptions & { readonly isInFile?: boolean } = {}) {
    super(message, options);
    this.isInFile = isInFile;
  }
}

// A control character would act on the terminal of `keystore list`.
const text = z.string().regex(/^\P{C}{1,256}$/u, 'must be 1 to 256 printable characters');
const schema = z.strictObject({
  blocked: z.array(
    z.strictObject({
      keyStore: text,
      externalKeyId: text.optional(),
      since: text.optional(),
      by: text.optional(),
    }),
  ),
});

/** The keys and key stores that operators have blocked, beside those that the configuration blocks. Never changes. */
export class BlockList {
  static readonly EMPTY = new BlockList([]);
  /** In the order of the file. */
  readonly blocks: readonly Block[];
  /** By key store: the ids of its keys, and undefined for the key store itself. */
  readonly #byKeyStore: ReadonlyMap<string, ReadonlySet<string | undefined>>;

  constructor(blocks: readonly Block[]) {
    this.blocks = blocks;
    const byKeyStore = Map.groupBy(blocks, ({ keyStore }) => keyStore);
    this.#byKeyStore = new Map(
      [...byKeyStore].map(([keyStore, its]) => [keyStore, new Set(its.map(({ externalKeyId }) => externalKeyId))]),
    );
  }

  /** Throws BlockListProblem unless the text is a whole block list. */
  static parse(json: string): BlockList {
    const problem = (message: string) => new BlockListProblem(message, { isInFile: true });
    let value: unknown;
    try {
      // Some editors write a byte order mark.
      value = JSON.parse(json.replace(/^\uFEFF/, ''));
    } catch {
      throw problem(json.trim() === '' ? 'is empty' : 'is not JSON');
    }
    const { data, error } = schema.safeParse(value);
    if (data && hasRepeatedFields(json, value as object)) throw problem('has a field twice');
    if (data) return new BlockList(data.blocked);
    const [issue] = error.issues;
    throw problem(`is not a block list: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
  }

  /** The text of its file. */
  format(): string {
    return `${JSON.stringify({ blocked: this.blocks }, null, 2)}\n`;
  }

  /** Whether it lists this key store, or this key; a key of a key store that it lists is not listed for that. */
  has({ keyStore, externalKeyId }: Block): boolean {
    return this.#byKeyStore.get(keyStore)?.has(externalKeyId) ?? false;
  }

  with(block: Block): BlockList {
    return this.has(block) ? this : new BlockList([...this.blocks, block]);
  }

  without({ keyStore, externalKeyId }: Block): BlockList {
    const others = this.blocks.filter((each) => each.keyStore !== keyStore || each.externalKeyId !== externalKeyId);
    return others.length === this.blocks.length ? this : new BlockList(others);
  }
}

/** What a change blocks and unblocks, each in a few words. */
export function describeBlockChanges(before: BlockList, after: BlockList): string[] {
  return [
    ...after.blocks.filter((block) => !before.has(block)).map((block) => `${inWords(block)}: blocked`),
    ...before.blocks.filter((block) => !after.has(block)).map((block) => `${inWords(block)}: unblocked`),
  ];
}

/** The key store, or the key and its key store. */
export function inWords({ keyStore, externalKeyId }: Block): string {
  return externalKeyId === undefined ? `key store ${keyStore}` : `key ${externalKeyId} of key store ${keyStore}`;
}
