import { join } from 'node:path';
import { main, newFolder, tellStory } from './story.ts';

/** Short states of clusters; a day of waiting periods and between backups that lasts three seconds. */
const OPTIONS = ['--connect-seconds', '1', '--cluster-seconds', '1', '--day-seconds', '3'];

/**
 * What `make demo-cloudhsm` runs: `demoCloudHsm.sh`, which tells the life of an AWS CloudHSM key store through the AWS CLI and
 * `xks-proxy cloudhsm-cli`. All that it makes is in `local/made/demo-cloudhsm` of `root`, and made anew each time.
 */
await main((root, kmsOptions) => {
  const folder = newFolder(root, 'demo-cloudhsm');
  const options = [...OPTIONS, '--events', join(folder, 'events.jsonl'), ...kmsOptions];
  return tellStory({ script: 'demoCloudHsm.sh', folder, env: process.env, kmsOptions: options });
});
