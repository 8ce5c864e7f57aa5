/**
 * A script for `node --eval`. Each argument, `<file>=<NAME>`, is a file to write with the text of an environment variable, readable
 * for owner and group; `<folder>/` is a folder to make, writable for both. It fails if a variable is not set.
 */
export const WRITE_FILES_SCRIPT = `
const { chmodSync, mkdirSync, writeFileSync } = require('node:fs');
for (const argument of process.argv.slice(1)) {
  const [file, name] = argument.split('=');
  if (file.endsWith('/')) {
    mkdirSync(file);
    chmodSync(file, 0o770);
  } else writeFileSync(file, process.env[name], { mode: 0o640, flag: 'wx' });
}
`;
