import { Command, Option } from 'commander';
import { loadConfig, type LoadedConfig } from '../config/loadConfig.ts';
import { loadPolicyTests } from '../config/policyTests.ts';
import { ConfigError } from '../config/problems/problem.ts';
import type { DoctorContext } from '../doctor/context.ts';
import { examine } from '../doctor/examine.ts';
import { examineKeyManager } from '../doctor/examineKeyManager.ts';
import type { KeyCheckValue } from '../doctor/examineKeys.ts';
import type { Finding } from '../finding.ts';
import type { DoctorCalls, ExaminerCalls } from '../doctor/keyManagers.ts';
import { ModuleRegistry } from '../hsm/pkcs11/module/moduleRegistry.ts';
import { Peer } from '../messaging/peer.ts';
import type { ProcessChannel } from '../messaging/processChannel.ts';
import { redactError } from '../redactError.ts';
import { choosePolicies } from './choosePolicies.ts';
import { CommandFailure, type Cli } from './cli.ts';
import { configOption } from './configOption.ts';
import { runPolicyTests } from './runPolicyTests.ts';
import { stopped } from './stopped.ts';

// A fraction of the silence that doctor tolerates.
const ALIVE_MS = 1_000;

interface DoctorOptions {
  readonly config: string;
  readonly name?: string;
  readonly peer?: string;
  readonly json?: boolean;
  readonly examine?: boolean;
}

/** `xks-proxy doctor`: checks everything that `serve` would need, and starts nothing. */
export function doctorCommand(cli: Cli): Command {
  return new Command('doctor')
    .description('checks HSM, files, ports and clock for everything that serve needs; can run beside a serving proxy')
    .addOption(configOption(cli))
    .option('--name <name>', 'the DNS name that KMS will call')
    .option(
      '--peer <url>',
      'a server to compare the clock with (default: KMS in the first Region of the configuration)',
    )
    .option('--json', 'as JSON')
    .addOption(new Option('--examine', 'examine key managers for the process that started this one').hideHelp())
    .action((options: DoctorOptions) =>
      options.examine && cli.parent ? examineFor(cli.parent, cli, options.config) : doctor(cli, options),
    );
}

async function doctor(cli: Cli, { config: file, name, peer, json }: DoctorOptions): Promise<void> {
  const context: DoctorContext = {
    file,
    loaded: load(file, cli),
    name,
    peer,
    cores: cli.cores,
    env: cli.env,
    testPolicies: (store, tests) => testPolicies(cli, file, store, tests),
    examiner: [...cli.program, 'doctor', '--config', file, '--examine'],
  };
  const findings: Finding[] = [];
  for await (const finding of examine(context)) {
    findings.push(finding);
    if (!json) cli.out(inWords(finding));
  }
  const count = (level: Finding['level']) => findings.filter((finding) => finding.level === level).length;
  const [oks, warnings, failures] = [count('ok'), count('warning'), count('failure')];
  if (json) cli.out(JSON.stringify({ ok: failures === 0, warnings, failures, findings }, null, 2));
  else cli.out(`\n${oks} ok, ${plural(warnings, 'warning')}, ${plural(failures, 'failure')}`);
  if (failures > 0) throw new CommandFailure(`doctor found ${plural(failures, 'failure')}`);
}

function load(file: string, { env }: Cli): LoadedConfig | ConfigError {
  try {
    return loadConfig(file, env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

/** Examines key managers for the parent process, until the parent stops it. */
async function examineFor(parent: ProcessChannel, cli: Cli, file: string): Promise<void> {
  const { config } = loadConfig(file, cli.env);
  const { workers } = config.server;
  const options = {
    modules: new ModuleRegistry(),
    refused: new Set<string>(),
    configFile: file,
    processes: workers === 'auto' ? cli.cores : workers,
    noteCheckValue: (found: KeyCheckValue) => {
      doctor.tell('checkValue', found);
    },
  };
  const offer: ExaminerCalls = {
    examine: async (name) => {
      const timer = setInterval(() => {
        doctor.tell('alive', undefined);
      }, ALIVE_MS);
      try {
        for await (const finding of examineKeyManager(config, name, options)) doctor.tell('found', finding);
      } catch (error) {
        const message = `the check itself failed: ${redactError(error)}`;
        doctor.tell('found', { check: `key manager ${name}`, level: 'failure', message });
      } finally {
        clearInterval(timer);
      }
    },
  };
  const doctor = new Peer<DoctorCalls>(parent, { name: 'doctor', offer });
  await stopped(cli.stop);
}

/** Runs a table of policy tests. Returns how many pass. Throws if one fails. */
function testPolicies({ env }: Cli, config: string, store: string, file: string): number {
  const tests = loadPolicyTests(file);
  const silent = { env, out: () => undefined, err: () => undefined };
  runPolicyTests(silent, tests, choosePolicies(silent, { config, store }));
  return tests.length;
}

function inWords({ level, check, message, advice }: Finding): string {
  const line = `${level.padEnd(8)} ${check}: ${message}`;
  return advice === undefined ? line : `${line}\n         ${advice}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
