import { z } from 'zod';
import { hasRepeatedFields } from '../xks/repeatedFields.ts';

/** A blocked key store or, with `externalKeyId`, one blocked key of it. */
export interface Block {
  readonly keyStore: string;
  readonly externalKeyId?: string | undefined;
  /** Time of the block, as ISO 8601. */
  readonly since?: string | undefined;
  /** System user who blocked it. */
  readonly by?: string | undefined;
}

/** Thrown when a block list cannot be read. The message continues a sentence that begins with the name of the file. */
export class BlockListProblem extends Error {
  override readonly name = 'BlockListProblem';
  /** Whether the contents of the file are wrong, so that reading it again is pointless until they change. */
  readonly isInFile: boolean;

  constructor(message: string, { isInFile = false, ...options }: ErrorOptions & { readonly isInFile?: boolean } = {}) {
    super(message, options);
    this.isInFile = isInFile;
  }
}

// `keystore list` prints these texts, and a control character would act on the terminal.
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

/** Immutable list of the keys and key stores that operators have blocked. The configuration may block others. */
export class BlockList {
  static readonly EMPTY = new BlockList([]);
  /** Blocks in the order of the file. */
  readonly blocks: readonly Block[];
  /** Ids of the blocked keys by key store. An undefined id stands for the key store itself. */
  readonly #byKeyStore: ReadonlyMap<string, ReadonlySet<string | undefined>>;

  constructor(blocks: readonly Block[]) {
    this.blocks = blocks;
    const byKeyStore = Map.groupBy(blocks, ({ keyStore }) => keyStore);
    this.#byKeyStore = new Map(
      [...byKeyStore].map(([keyStore, its]) => [keyStore, new Set(its.map(({ externalKeyId }) => externalKeyId))]),
    );
  }

  /** Parses the text of a block list. Throws BlockListProblem if it is not a complete one. */
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

  /** Returns the text for its file. */
  format(): string {
    return `${JSON.stringify({ blocked: this.blocks }, null, 2)}\n`;
  }

  /** Whether it lists exactly this key store or key. If it lists a key store, it does not therefore list the keys in it. */
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

/** Describes what a change blocks and unblocks, one entry for each block. */
export function describeBlockChanges(before: BlockList, after: BlockList): string[] {
  return [
    ...after.blocks.filter((block) => !before.has(block)).map((block) => `${describeBlock(block)}: blocked`),
    ...before.blocks.filter((block) => !after.has(block)).map((block) => `${describeBlock(block)}: unblocked`),
  ];
}

/** Names the key store, or the key and its key store. */
export function describeBlock({ keyStore, externalKeyId }: Block): string {
  return externalKeyId === undefined ? `key store ${keyStore}` : `key ${externalKeyId} of key store ${keyStore}`;
}
