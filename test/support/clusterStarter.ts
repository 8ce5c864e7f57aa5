import { argv, env } from 'node:process';
import { startCluster } from '../../src/cloudHsm/startCluster.ts';
import { MAIN } from './startTestProgram.ts';

// A program that starts a cluster, prints its process id and keeps running. Arguments: the cluster's id and folder.
const [, , clusterId = '', folder = ''] = argv;
const log = { info: () => undefined };
const { pid } = await startCluster({ clusterId, folder, program: [process.execPath, MAIN], env, log });
process.stdout.write(`${pid}\n`);
await new Promise(() => setInterval(() => undefined, 60_000));
