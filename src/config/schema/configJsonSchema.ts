import { z } from 'zod';
import { ConfigSource } from '../files/configSource.ts';
import { configSchema } from './schema.ts';

/** JSON Schema (draft 2020-12) of the configuration file, for editors. */
export function configJsonSchema(): object {
  return {
    title: 'xks-proxy configuration',
    ...z.toJSONSchema(configSchema(new ConfigSource('.', {})), { io: 'input' }),
  };
}
