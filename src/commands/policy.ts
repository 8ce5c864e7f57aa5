import { Command, Option } from 'commander';
import { loadPolicyTests, misspeltFields, parseGivenRequest, type GivenRequest } from '../config/policyTests.ts';
import { cedarSchema } from '../policy/cedarSchema.ts';
import { describeRequest } from '../policy/decisionRecord.ts';
import { requestOf } from '../policy/requestOf.ts';
import { choosePolicies, type PolicyChoice } from './choosePolicies.ts';
import { CommandFailure, type Cli } from './cli.ts';
import { configOption } from './configOption.ts';
import { describeDecision, describeUnmet } from './describeDecision.ts';
import { loadConfig } from '../config/loadConfig.ts';
import { loadToReport } from './loadToReport.ts';
import { runPolicyTests } from './runPolicyTests.ts';

const FIELDS = [
  '[fields...]',
  'the request: operation=Encrypt externalKeyId=ID awsPrincipalArn=ARN kmsKeyArn=ARN, any other field of requestMetadata, vpcEndpointId, clientCommonName',
] as const;

/** `xks-proxy policy check|test|explain|schema`. */
export function policyCommand(cli: Cli): Command {
  const command = new Command('policy').description('checks and tests the Cedar policies of the key stores');
  command
    .command('check')
    .description('validates the policies of all key stores, and prints every problem with its line')
    .addOption(configOption(cli))
    .option('--json', 'as JSON')
    .action(async ({ config, json = false }: { config: string; json?: boolean }) => {
      const loaded = await loadToReport(cli, config, { json, load: loadConfig });
      const keyStores = loaded.config.keyStores.map(({ name, policyFile }) => {
        return { name, policies: policyFile?.policies.map(({ id }) => id) ?? null };
      });
      if (json) cli.out(JSON.stringify({ valid: true, warnings: loaded.warnings, keyStores }, null, 2));
      else
        for (const { name, policies } of keyStores) {
          cli.out(`key store ${name}: ${policies?.join(', ') ?? 'no policyFile, requests are not restricted'}`);
        }
    });
  withChoice(cli, command.command('test'))
    .description('prints the decision on a request and the policies that decide, or runs a table of such tests')
    .option('--table <file>', 'YAML: requests, each with the expected decision and policies')
    .argument(...FIELDS)
    .action((fields: string[], { table, ...choice }: PolicyChoice & { readonly table?: string }) => {
      if ((table === undefined) === (fields.length === 0))
        throw new CommandFailure('give either the fields of a request or --table');
      const chosen = choosePolicies(cli, choice);
      if (table === undefined) cli.out(describeDecision(chosen.decide(requestOfFields(cli, fields))));
      else runPolicyTests(cli, loadPolicyTests(table), chosen);
    });
  withChoice(cli, command.command('explain'))
    .description(
      'prints the request as the policies see it, the decision, and why each permit that does not apply does not',
    )
    .option('--json', 'as JSON')
    .argument(...FIELDS)
    .action((fields: string[], { json = false, ...choice }: PolicyChoice & { readonly json?: boolean }) => {
      const chosen = choosePolicies(cli, choice);
      const given = requestOfFields(cli, fields);
      const request = describeRequest(requestOf(chosen.subjectOf(given)));
      const decision = chosen.decide(given);
      const permits = chosen.explain(given);
      if (json) {
        const { allowed, policyIds: policies, error } = decision;
        cli.out(JSON.stringify({ request, decision: allowed ? 'allow' : 'deny', policies, error, permits }, null, 2));
        return;
      }
      cli.out(JSON.stringify(request, null, 2));
      cli.out(describeDecision(decision));
      for (const explanation of permits) cli.out(describeUnmet(explanation));
    });
  command
    .command('schema')
    .description('prints the Cedar schema that policies are validated against')
    .action(() => {
      cli.out(cedarSchema);
    });
  return command;
}

function withChoice(cli: Cli, command: Command): Command {
  return command
    .addOption(configOption(cli))
    .addOption(new Option('--policy-file <file>', 'policies, instead of those of a configuration').conflicts('config'))
    .requiredOption('--store <name>', 'the key store');
}

function requestOfFields(cli: Pick<Cli, 'err'>, fields: readonly string[]): GivenRequest {
  const given = fields.map((field): [string, string] => {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(field) ?? [];
    if (name === undefined || value === undefined) throw new CommandFailure(`${field} is not of the form name=value`);
    return [name, value];
  });
  const request = parseGivenRequest(Object.fromEntries(given));
  for (const warning of misspeltFields(request)) cli.err(`warning: ${warning}`);
  return request;
}
