/**
 * A script for `node --eval`. An argument `<file>=<NAME>` writes the environment variable's text to the file, which
 * owner and group may read. An argument `<folder>/` makes a folder to which both may write. The script fails if a
 * variable is not set.
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
