import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'rolldown';

/** The name, version, licence and copyright of a package that is bundled, as its licence asks. */
function describePackage(folder: string): string {
  const text = readFileSync(join(folder, 'package.json'), 'utf8');
  const { name, version, license } = JSON.parse(text) as Readonly<Record<'name' | 'version' | 'license', string>>;
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return [`===== ${name}@${version} (${license})`, ...texts].join('\n\n');
}

// The program is a few files instead of a thousand modules: it starts in half the time, and so does each worker.
export default defineConfig({
  input: { main: 'src/main.ts', moduleThreadEntry: 'src/hsm/pkcs11/thread/moduleThreadEntry.ts' },
  platform: 'node',
  // What is loaded only when it is needed, by `require`, stays a package: the native addon pkcs11js, and Cedar's WebAssembly.
  plugins: [
    {
      name: 'text of files',
      load: {
        filter: { id: /\?raw$/ },
        handler: (id) => ({ code: readFileSync(id.replace('?raw', ''), 'utf8'), moduleType: 'text' }),
      },
    },
    {
      name: 'licences of bundled packages',
      generateBundle(_options, bundle) {
        const modules = Object.values(bundle).flatMap((output) => (output.type === 'chunk' ? output.moduleIds : []));
        const folders = modules.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(id) ?? []);
        const source = [...new Set(folders)].sort().map(describePackage).join('\n\n');
        this.emitFile({ type: 'asset', fileName: 'licenses.txt', source: `${source}\n` });
      },
    },
  ],
  output: { dir: 'dist', cleanDir: true, sourcemap: true },
  onLog(level, { message }, log) {
    if (level === 'warn') throw new Error(message);
    log(level, message);
  },
});
