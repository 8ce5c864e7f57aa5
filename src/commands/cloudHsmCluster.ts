import { Command } from 'commander';
import { runCluster } from '../cloudHsm/process/runCluster.ts';
import { CommandFailure, type Cli } from './cli.ts';
import { stopped } from './stopped.ts';

/** `xks-proxy cloudhsm-cluster`: the process of one cluster. Only `startCluster` runs it. */
export function cloudHsmClusterCommand(cli: Cli): Command {
  return new Command('cloudhsm-cluster')
    .description('runs a cluster of the local KMS for its parent process')
    .argument('<cluster-id>')
    .action(async () => {
      if (!cli.parent)
        throw new CommandFailure('kms serve runs this. Make a cluster with: xks-proxy kms cluster create');
      await runCluster(cli.parent, stopped(cli.stop));
    });
}
