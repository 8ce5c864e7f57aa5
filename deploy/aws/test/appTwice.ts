import { env } from 'node:process';

// Runs the app as cdk.json does, and once more in this process with the context in $OPTIONS and the output folder in
// $OPTIONS_OUT. CloudFormation's schema takes the time of three apps to load, and both use it.
await import('../main.ts');
const { CDK_CONTEXT_JSON = '{}', OPTIONS = '{}', OPTIONS_OUT = '' } = env;
env['CDK_CONTEXT_JSON'] = JSON.stringify({
  ...(JSON.parse(CDK_CONTEXT_JSON) as object),
  ...(JSON.parse(OPTIONS) as object),
});
env['CDK_OUTDIR'] = OPTIONS_OUT;
await import(`../main.ts?${OPTIONS_OUT}`);
