import { Command } from 'commander';
import { loadConfig } from '../config/loadConfig.ts';
import { loadPolicyTests, parseGivenRequest, type GivenRequest } from '../config/policyTests.ts';
import { cedarSchema } from '../policy/cedarSchema.ts';
import { describeRequest } from '../policy/decisionRecord.ts';
import { requestOf } from '../policy/requestOf.ts';
import { choosePolicies, type PolicyChoice } from './choosePolicies.ts';
import { CommandFailure, type Cli } from './cli.ts';
import { describeDecision, describeUnmet } from './describeDecision.ts';
import { runPolicyTests } from './runPolicyTests.ts';

const CONFIG = ['--config <file>', 'the configuration file'] as const;
const FIELDS = [
  '[fields...]',
  'the request: operation=Encrypt externalKeyId=ID awsPrincipalArn=ARN kmsKeyArn=ARN, any other field of requestMetadata, vpcEndpointId, clientCommonName',
] as const;

/** `xks-proxy policy check|test|explain|schema`. */
export function policyCommand(cli: Cli): Command {
  const command = new Command('policy').description('checks and tries the Cedar policies of the key stores');
  command
    .command('check')
    .description('validates the policies of all key stores: every problem with its line')
    .requiredOption(...CONFIG)
    .action(({ config }: { config: string }) => {
      const loaded = loadConfig(config, cli.env);
      for (const warning of loaded.warnings) cli.err(`warning: ${warning}`);
      for (const { name, policyFile } of loaded.config.keyStores) {
        const ids = policyFile?.policies.map(({ id }) => id).join(', ');
        cli.out(`key store ${name}: ${ids ?? 'no policyFile, requests are not restricted'}`);
      }
    });
  withChoice(command.command('test'))
    .description('says what a request would get and which policies decide, or runs a table of such tests')
    .option('--table <file>', 'YAML: requests, and the decision and policies that each is to get')
    .argument(...FIELDS)
    .action((fields: string[], { table, ...choice }: PolicyChoice & { readonly table?: string }) => {
      if ((table === undefined) === (fields.length === 0))
        throw new CommandFailure('give either the fields of a request or --table');
      const chosen = choosePolicies(cli, choice);
      if (table === undefined) cli.out(describeDecision(chosen.decide(requestOfFields(fields))));
      else runPolicyTests(cli, loadPolicyTests(table), chosen);
    });
  withChoice(command.command('explain'))
    .description('says the request as the policies see it, the decision, and of each permit that does not apply why')
    .argument(...FIELDS)
    .action((fields: string[], choice: PolicyChoice) => {
      const chosen = choosePolicies(cli, choice);
      const request = requestOfFields(fields);
      cli.out(JSON.stringify(describeRequest(requestOf(chosen.subjectOf(request))), null, 2));
      cli.out(describeDecision(chosen.decide(request)));
      for (const explanation of chosen.explain(request)) cli.out(describeUnmet(explanation));
    });
  command
    .command('schema')
    .description('prints the Cedar schema that policies are validated against')
    .action(() => {
      cli.out(cedarSchema);
    });
  return command;
}

function withChoice(command: Command): Command {
  return command
    .option(...CONFIG)
    .option('--policy-file <file>', 'policies, instead of those of a configuration')
    .requiredOption('--store <name>', 'the key store');
}

function requestOfFields(fields: readonly string[]): GivenRequest {
  const given = fields.map((field): [string, string] => {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(field) ?? [];
    if (name === undefined || value === undefined) throw new CommandFailure(`${field} is not of the form name=value`);
    return [name, value];
  });
  return parseGivenRequest(Object.fromEntries(given));
}
