import { parseArgs } from 'node:util';
import { newAuditKey } from '../src/audit/format/auditKey.ts';
import { compare } from './comparison.ts';
import { startOwnProxy } from './ownProxy.ts';

const USAGE = `Measures what the record of a request costs: the log stream only, then with an audit log that is never, each second or for
each answer forced to the disk. One process each, in turn.

  node bench/records.ts [--rounds 3] [--seconds 5] [--connections 16]`;

const MODES = ['never', 'interval', 'always'] as const;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '16' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(`${USAGE}\n`);
} else {
  const files = { 'audit.key': newAuditKey() };
  const proxies = [await startOwnProxy('stream only')];
  for (const sync of MODES) {
    const audit = { directory: 'audit', origin: 'bench', key: { file: 'audit.key' }, sync };
    proxies.push(await startOwnProxy(`audit log, sync ${sync}`, { audit }, files));
  }
  try {
    const load = { connections: Number(values.connections), seconds: Number(values.seconds) };
    const targets = proxies.map(({ target }) => target);
    process.stdout.write(`${await compare(targets, load, Number(values.rounds))}\n`);
  } finally {
    for (const { stop } of proxies) await stop();
  }
}
