import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { compare } from './comparison.ts';
import { startOwnProxy } from './ownProxy.ts';
import type { Target } from './target.ts';

const USAGE = `Measures Encrypt with a 32-byte data key: as much as it takes, and at KMS's default quota.
Our proxy runs over a SoftHSM token of its own; other proxies, started by you, run beside it in the same rounds.

  make bench
  node bench/compare.ts [--rounds 3] [--seconds 5] [--connections 16] [--other FILE.json]...

FILE.json: {"name", "endpoint": "http://host:port", "uriPath": "[/prefix]/kms/xks/v1", "region", "accessKeyId",
"secretAccessKey", "key", "pid"?}. Only measure proxies on this machine.`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '16' },
    other: { type: 'string', multiple: true, default: [] },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  print(USAGE);
} else {
  const others = values.other.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Target);
  const { target, stop } = await startOwnProxy();
  try {
    const load = { connections: Number(values.connections), seconds: Number(values.seconds) };
    print(await compare([target, ...others], load, Number(values.rounds)));
  } finally {
    await stop();
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
