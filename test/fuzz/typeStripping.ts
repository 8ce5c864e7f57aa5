// Lets Jazzer.js instrument TypeScript: its own hook passes over sources that are not yet JavaScript. To be loaded with --import.
import { register, stripTypeScriptTypes, type LoadHook } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const load: LoadHook = (url, context, nextLoad) => {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
  // Types become blanks, so that lines and columns stay.
  const source = stripTypeScriptTypes(readFileSync(fileURLToPath(url), 'utf8'));
  return { format: 'module', source, shortCircuit: true };
};

// Jazzer.js registers its hook so, too; hooks of registerHooks would come before it, and not after.
// eslint-disable-next-line @typescript-eslint/no-deprecated
if (isMainThread) register(import.meta.url);
