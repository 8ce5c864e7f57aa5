import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { peersOf } from './comparison/peers.ts';
import { htmlReport, machine, textReport } from './comparison/report.ts';
import { runComparison } from './comparison/runComparison.ts';
import { createTestBed } from './testBed.ts';

const USAGE = `Measures XKS proxies with what KMS sends: HTTPS on kept connections, Encrypt with a CDIV, and Decrypt. Our proxy runs with a policy,
metrics, log and audit log. All run in turn, over one SoftHSM token, beside the load generator on the same cores.

  make bench
  node bench/compare.ts [--sample BINARY [--sample-log INFO]] [--other FILE.json]... [--rounds 3] [--seconds 3] [--rates 1800] [--connections 32]
                        [--only ROWS]... [--shared-node] [--json FILE] [--html FILE]

--sample       program xks-proxy of github.com/aws-samples/aws-kms-xks-proxy (cargo build --release), to run over the same token
--sample-log   log level of the sample: INFO, which its settings call right for production and which logs each request, or DEBUG, their default
--other        proxy that you have started: {"name", "endpoint": "https://host:port", "uriPath": "[/prefix]/kms/xks/v1", "region",
               "accessKeyId", "secretAccessKey", "key", "ca"?: FILE, "insecure"?: true, "awsPrincipalArn"?, "pid"?}
--rates        open-loop rates, in requests per second, such as 1800,3600
--only         rows whose name, "PROXY, PROTOCOL: OPERATION" or "PROXY, PROTOCOL: 1800/s", contains ROWS, such as "two workers" or "limit".
               "audit" has rows that are left out otherwise: no audit log, and each of its sync settings
--shared-node  runs our proxy on the same file of Node.js as the generator. PSS then leaves out half of the program's pages, some 50 MiB, which a proxy
               alone on its machine would not share
--json, --html files to write in addition to the table

It takes 7 minutes or less with --sample, 5 without. Ratios are to the first row: the sample, or the first other proxy. Only measure proxies on this machine.`;

const { values } = parseArgs({
  options: {
    sample: { type: 'string' },
    'sample-log': { type: 'string', default: 'INFO' },
    other: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    rates: { type: 'string', default: '1800' },
    connections: { type: 'string', default: '32' },
    only: { type: 'string', multiple: true, default: [] },
    json: { type: 'string' },
    html: { type: 'string' },
    'shared-node': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  print(USAGE);
} else {
  const options = {
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    connections: Number(values.connections),
    rates: values.rates.split(',').filter(Boolean).map(Number),
    isWanted: (row: string, isExtra: boolean) =>
      values.only.length === 0 ? !isExtra : values.only.some((text) => row.includes(text)),
    onProgress: (text: string) => void process.stderr.write(`${text}\n`),
  };
  const bed = createTestBed({ sharesNode: values['shared-node'] });
  try {
    const sample =
      values.sample === undefined ? undefined : { binary: resolve(values.sample), logLevel: values['sample-log'] };
    const peers = peersOf(bed, sample, values.other);
    const comparison = await runComparison(bed, peers, options);
    print(textReport(comparison, options));
    const { rounds, seconds, connections } = options;
    const json = { date: new Date().toISOString(), machine: machine(), rounds, seconds, connections, ...comparison };
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(json, null, 2)}\n`);
    if (values.html !== undefined) writeFileSync(values.html, htmlReport(comparison, options));
  } finally {
    bed.dispose();
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
