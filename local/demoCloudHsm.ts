import { join } from 'node:path';
import { main, newFolder, tellStory } from './story.ts';

/** Options for short states of clusters. A day, in waiting periods and between backups, lasts three seconds. */
const OPTIONS = ['--connect-seconds', '1', '--cluster-seconds', '1', '--day-seconds', '3'];

/**
 * Runs `make demo-cloudhsm`: `demoCloudHsm.sh`, which shows the life of an AWS CloudHSM key store through the AWS CLI and
 * `xks-proxy cloudhsm-cli`. All files are in `local/made/demo-cloudhsm` of `root`, and are made anew each time.
 */
await main((root, kmsOptions) => {
  const folder = newFolder(root, 'demo-cloudhsm');
  const options = [...OPTIONS, '--events', join(folder, 'events.jsonl'), ...kmsOptions];
  return tellStory({ script: 'demoCloudHsm.sh', folder, env: process.env, kmsOptions: options });
});
