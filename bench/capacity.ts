import { parseArgs } from 'node:util';
import { planCapacity } from './capacity/planCapacity.ts';
import { table } from './table.ts';

const USAGE = `Calculates the proxies, workers and sessions that a number of requests per second needs; see docs/capacity.md.

  node bench/capacity.ts --cpu-ms MS --hsm-ms MS [--cores 2] [--rates 500,1800,3600,10000]

--cpu-ms  CPU time of a proxy for a request, as make bench measures it
--hsm-ms  time of the HSM for the calls of a request: an Encrypt with CDIV also decrypts`;

const { values } = parseArgs({
  options: {
    'cpu-ms': { type: 'string' },
    'hsm-ms': { type: 'string' },
    cores: { type: 'string', default: '2' },
    rates: { type: 'string', default: '500,1800,3600,10000' },
    help: { type: 'boolean', default: false },
  },
});
const [cpuMs, hsmMs] = [Number(values['cpu-ms']), Number(values['hsm-ms'])];

if (values.help || !(cpuMs > 0 && hsmMs > 0)) {
  process.stdout.write(`${USAGE}\n`);
  if (!values.help) process.exitCode = 2;
} else {
  const rows = values.rates.split(',').map((text) => {
    const rate = Number(text);
    const { proxies, workers, sessions, hsmSessions } = planCapacity({
      rate,
      cpuMs,
      hsmMs,
      cores: Number(values.cores),
    });
    return [rate, proxies, workers, sessions, hsmSessions];
  });
  const head = ['requests/s', 'proxies', 'workers of each', 'sessions of each worker', 'sessions at the HSM'];
  process.stdout.write(`${table(head, rows)}\n`);
}
