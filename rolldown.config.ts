import { readFileSync } from 'node:fs';
import { defineConfig } from 'rolldown';

// The program is a few files instead of a thousand modules: it starts in half the time, and so does each worker.
export default defineConfig({
  input: { main: 'src/main.ts', moduleThreadEntry: 'src/hsm/pkcs11/thread/moduleThreadEntry.ts' },
  platform: 'node',
  // These packages load a file that lies beside their own: a native addon, and WebAssembly.
  external: [/^pkcs11js$/, /^@cedar-policy\/cedar-wasm/],
  plugins: [
    {
      name: 'text of files',
      load: {
        filter: { id: /\?raw$/ },
        handler: (id) => ({ code: readFileSync(id.replace('?raw', ''), 'utf8'), moduleType: 'text' }),
      },
    },
  ],
  output: { dir: 'dist', cleanDir: true, sourcemap: true },
  onLog(level, { message }, log) {
    if (level === 'warn') throw new Error(message);
    log(level, message);
  },
});
