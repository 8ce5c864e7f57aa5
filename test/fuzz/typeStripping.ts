// Lets Jazzer.js instrument TypeScript, because its own hook skips sources that are not JavaScript yet. Load it with
// --import.
import { register, stripTypeScriptTypes, type LoadHook } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const load: LoadHook = (url, context, nextLoad) => {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
  // Types become blanks, so lines and columns stay.
  const source = stripTypeScriptTypes(readFileSync(fileURLToPath(url), 'utf8'));
  return { format: 'module', source, shortCircuit: true };
};

// Jazzer.js registers its hook in the same way. Hooks of registerHooks would run before it instead of after it.
// oxlint-disable-next-line typescript/no-deprecated
if (isMainThread) register(import.meta.url);
