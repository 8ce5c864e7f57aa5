/**
 * Records what a proxy over SoftHSM answers to the suite:
 * `node test/conformance/recordings/record.ts own`, or `sample BINARY` for AWS's sample proxy.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startSample } from '../../../bench/comparison/samplePeer.ts';
import { startOwnProxy } from '../../../bench/ownProxy.ts';
import { createTestBed } from '../../../bench/testBed.ts';
import { countCases } from '../../../src/conformance/causes.ts';
import { record } from '../../support/recordedAnswers.ts';

const [, , name = 'own', binary] = process.argv;
const bed = createTestBed({ sharesNode: true });
const peer =
  binary === undefined
    ? await startOwnProxy(bed, { insecureHttp: true })
    : await startSample(bed, { binary, logLevel: 'INFO' }, false);
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
