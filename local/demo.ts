import { join } from 'node:path';
import { setUpLocal } from './setUp.ts';
import { MAIN, main, newFolder, startLogged, tellStory } from './story.ts';

/**
 * Runs `make demo`: a proxy over SoftHSM, and `demo.sh`, which shows the life of an external key store through the AWS CLI. All
 * files are in `local/made/demo` of `root`, and are made anew each time.
 */
async function demo(root: string, kmsOptions: readonly string[]): Promise<number> {
  const folder = newFolder(root, 'demo');
  const { configFile, caFile, env } = setUpLocal(root, {
    main: MAIN,
    host: '127.0.0.1',
    port: 0,
    env: process.env,
    folder,
  });
  const proxy = startLogged(['serve', '--config', configFile], env, join(folder, 'proxy.log'));
  try {
    const resolve = `localhost=127.0.0.1:${await proxy.listening}`;
    const options = ['--resolve', resolve, '--ca', caFile, ...kmsOptions];
    return await tellStory({ script: 'demo.sh', folder, env, kmsOptions: options });
  } finally {
    proxy.signal('SIGINT');
    await proxy.ended;
  }
}

await main(demo);
