import type { z } from 'zod';

/** The schema of a member of a map or an entry of a list; undefined if the schema has none. */
export function schemaWithin({ _zod: { def } }: z.core.$ZodTypes, name: PropertyKey): z.core.$ZodType | undefined {
  if (def.type === 'object') return def.shape[String(name)];
  if (def.type === 'array') return def.element;
  return def.type === 'record' ? def.valueType : undefined;
}

/** Schema inside a wrapper. Undefined if the given schema is not a wrapper. */
export function unwrap({ _zod: { def } }: z.core.$ZodTypes): z.core.$ZodType | undefined {
  if (def.type === 'optional' || def.type === 'default' || def.type === 'prefault') return def.innerType;
  if (def.type !== 'pipe') return undefined;
  // The schema of z.preprocess comes after its function.
  return def.in._zod.def.type === 'transform' ? def.out : def.in;
}

/** The keys of the map at a path. */
export function keysOfSchema(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  let found: z.core.$ZodTypes | undefined = bare(schema);
  for (const part of path) {
    const within: z.core.$ZodType | undefined = found && schemaWithin(found, part);
    found = within && bare(within);
  }
  const def = found?._zod.def;
  return def?.type === 'object' ? Object.keys(def.shape) : [];
}

function bare(schema: z.core.$ZodType): z.core.$ZodTypes {
  const inner = unwrap(schema as z.core.$ZodTypes);
  return inner ? bare(inner) : (schema as z.core.$ZodTypes);
}
