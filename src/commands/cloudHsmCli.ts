import { Command, CommanderError } from 'commander';
import { ClusterFailure } from '../cloudHsm/clusterFailure.ts';
import { adapt } from './adapt.ts';
import { FailureTold, type Cli } from './cli.ts';
import { addCommands, clusterOption, type Run } from './cloudHsm/addCommands.ts';
import { CliSession } from './cloudHsm/cliSession.ts';
import { splitLine } from './cloudHsm/splitLine.ts';

const PROMPT = 'aws-cloudhsm > ';

/** `xks-proxy cloudhsm-cli`: the commands of AWS's CloudHSM CLI, over a cluster of the local KMS. */
export function cloudHsmCliCommand(cli: Cli): Command {
  const session = new CliSession({ ...pick(cli), logsIn: 'from the environment' });
  const run: Run = async (work) => {
    try {
      await print(cli, work);
    } finally {
      await session.close();
    }
  };
  const command = new Command('cloudhsm-cli').description(
    'CloudHSM CLI for clusters of the local KMS; CLOUDHSM_ROLE and CLOUDHSM_PIN (user:password) log in',
  );
  addHelp(addCommands(command, session, run));
  command
    .command('interactive')
    .description('Start interactive mode: one command a line, until "quit"')
    .addOption(clusterOption())
    .action(({ clusterId }: { clusterId?: string }) => interact(cli, clusterId));
  return command;
}

async function interact(cli: Cli, clusterId: string | undefined): Promise<void> {
  const session = new CliSession({ ...pick(cli), logsIn: 'by command' });
  try {
    await print(cli, async () => {
      await session.choose(clusterId);
    });
    for (;;) {
      const line = await session.prompter.line(PROMPT);
      if (line === undefined || ['quit', 'exit'].includes(line.trim())) return;
      await runLine(cli, session, line);
    }
  } finally {
    await session.close();
  }
}

/** Runs one command of the interactive mode. The mode continues after a failure. */
async function runLine(cli: Cli, session: CliSession, line: string): Promise<void> {
  const words = splitLine(line);
  if (words?.length === 0) return;
  const program = new Command('aws-cloudhsm >').description('Commands of CloudHSM CLI, and quit');
  addHelp(addCommands(program, session, (work) => print(cli, work)));
  adapt(program, cli);
  try {
    if (words) await program.parseAsync(words, { from: 'user' });
    else await print(cli, () => Promise.reject(new ClusterFailure('refused', 'A quote is not closed.')));
  } catch (error) {
    // Both errors have already printed their messages.
    if (!(error instanceof CommanderError) && !(error instanceof FailureTold)) throw error;
  }
}

/**
 * Prints the result of a command in the form of CloudHSM CLI, or nothing if it is undefined. Throws FailureTold after a failure.
 */
async function print({ out }: Pick<Cli, 'out'>, work: () => Promise<unknown>): Promise<void> {
  try {
    const data = await work();
    if (data !== undefined) out(JSON.stringify({ error_code: 0, data }, null, 2));
  } catch (error) {
    if (!(error instanceof ClusterFailure)) throw error;
    out(JSON.stringify({ error_code: 1, data: error.message }, null, 2));
    throw new FailureTold(error.message);
  }
}

/** Handles `help key list`. Commander's own help command takes only one word. */
function addHelp(program: Command): void {
  program
    .helpCommand(false)
    .command('help')
    .description('Print this message, or the help of a command')
    .argument('[command...]')
    .action((names: readonly string[]) => {
      let found = program;
      for (const name of names) {
        const next = found.commands.find((command) => command.name() === name);
        if (!next) program.error(`error: unknown command '${names.join(' ')}'`);
        found = next;
      }
      found.outputHelp();
    });
}

function pick({ env, prompts, stop }: Cli): Pick<Cli, 'env' | 'prompts' | 'stop'> {
  return { env, prompts, stop };
}
