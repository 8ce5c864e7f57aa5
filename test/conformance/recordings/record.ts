/**
 * Records a proxy's answers to the suite. `node test/conformance/recordings/record.ts own` and `sample BINARY` (AWS's
 * sample proxy) both use SoftHSM. `NAME FILE.json` is for a running proxy, described as for `--other` of
 * bench/compare.ts.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readOther } from '../../../bench/comparison/otherPeer.ts';
import { startSample } from '../../../bench/comparison/samplePeer.ts';
import { startOwnProxy } from '../../../bench/ownProxy.ts';
import type { RunningPeer } from '../../../bench/startPeer.ts';
import { createTestBed } from '../../../bench/testBed.ts';
import { countCases } from '../../../src/conformance/causes.ts';
import { record } from '../../support/recordedAnswers.ts';

const [, , name = 'own', file] = process.argv;
const bed = createTestBed({ sharesNode: true });

function start(): Promise<RunningPeer> | RunningPeer {
  if (file === undefined) return startOwnProxy(bed, { insecureHttp: true });
  return name === 'sample' ? startSample(bed, { binary: file, logLevel: 'INFO' }, false) : readOther(file).peer;
}

const peer = await start();
try {
  const { recording, report } = await record(peer.target);
  const lines = Object.entries(recording).map(([id, answers]) => `${JSON.stringify(id)}:${JSON.stringify(answers)}`);
  writeFileSync(join(import.meta.dirname, `${name}.json`), `{\n${lines.join(',\n')}\n}\n`);
  for (const cause of report.causes)
    process.stdout.write(`${cause.text}, ${countCases(cause)}: ${cause.cases.join(' ')}\n`);
} finally {
  await peer.stop();
  bed.dispose();
}
