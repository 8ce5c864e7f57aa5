import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { describe } from 'vitest';
import { runProgram, type CommandOutcome } from '../../../test/support/runProgram.ts';

const MODULES = join(import.meta.dirname, '..');
/** The folder that `terraform providers mirror` fills, because tests do not download the provider. */
const MIRROR = process.env['TERRAFORM_MIRROR'] ?? '/opt/tf-plugins';

const noTerraform = spawnSync('terraform', ['version']).status === 0 ? [] : ['no terraform'];
const noProvider = existsSync(join(MIRROR, 'registry.terraform.io/hashicorp/aws')) ? [] : [`no provider in ${MIRROR}`];

/** Like `describe`, but skipped if there is no Terraform. See README.md, "Tests". */
export function describeTerraform(name: string, tests: () => void): void {
  describeUnless(noTerraform, name, tests);
}

/** Like `describe`, for tests that call the provider for a minute. Only `make terraform-test` runs them. */
export function describeWithProvider(name: string, tests: () => void): void {
  const notAsked = process.env['TERRAFORM_APPLY'] === undefined ? ['make terraform-test runs it'] : [];
  describeUnless([...noTerraform, ...noProvider, ...notAsked], name, tests);
}

function describeUnless(missing: readonly string[], name: string, tests: () => void): void {
  const skipped = missing.length > 0;
  describe.skipIf(skipped)(skipped ? `${name} (skipped: ${missing.join(', ')})` : name, tests);
}

/** Settings of a provider that does not call AWS. */
export const OFFLINE_PROVIDER = {
  region: 'us-east-1',
  access_key: 'TEST',
  secret_key: 'any',
  skip_credentials_validation: true,
  skip_requesting_account_id: true,
};

/** A problem in Terraform's output with `-json`. */
export interface Diagnostic {
  readonly summary: string;
  readonly detail: string;
  /** The block that has the problem, such as `module.proxy`. */
  readonly snippet?: { readonly context: string | null };
}

/** A copy of the modules and the examples in a temporary folder, below a root module of the test. */
export class TerraformFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'xks-proxy-'));
  readonly #env: Readonly<Record<string, string | undefined>>;

  /** Resolves when the provider is installed. `env` is added to the environment of Terraform. */
  static async create(root: object, env: Readonly<Record<string, string | undefined>> = {}): Promise<TerraformFolder> {
    const folder = new TerraformFolder(root, env);
    await folder.run('init', '-no-color', '-input=false');
    return folder;
  }

  private constructor(root: object, env: Readonly<Record<string, string | undefined>>) {
    const configuration = join(this.path, 'terraform.rc');
    writeFileSync(
      configuration,
      `disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = "${MIRROR}"\n  }\n}\n`,
    );
    this.#env = { ...env, HOME: this.path, TF_CLI_CONFIG_FILE: configuration, AWS_EC2_METADATA_DISABLED: 'true' };
    for (const name of ['proxy', 'key-store', 'examples'])
      cpSync(join(MODULES, name), join(this.path, name), {
        recursive: true,
        filter: (file) => !/\.terraform|\.tfstate/.test(file),
      });
    // Without their own provider block, the examples use the provider of the test.
    for (const name of ['fargate', 'ec2']) {
      const file = join(this.path, 'examples', name, 'main.tf');
      writeFileSync(file, readFileSync(file, 'utf8').replace(/^provider "aws" \{[^}]*\}\n/m, ''));
    }
    this.write('main.tf.json', root);
  }

  write(name: string, content: object): void {
    writeFileSync(join(this.path, name), JSON.stringify(content, null, 2));
  }

  read(name: string): string {
    return readFileSync(join(this.path, name), 'utf8');
  }

  /** Runs Terraform to its end; rejects with its output if it fails. */
  async run(...args: readonly string[]): Promise<CommandOutcome> {
    const outcome = await this.try(...args);
    if (outcome.exitCode !== 0) throw new Error(`terraform ${args.join(' ')}:\n${outcome.stdout}${outcome.stderr}`);
    return outcome;
  }

  try(...args: readonly string[]): Promise<CommandOutcome> {
    return runProgram(['terraform', ...args], { cwd: this.path, env: this.#env });
  }

  /** The plan as JSON. */
  async plan(): Promise<unknown> {
    await this.run('plan', '-no-color', '-input=false', '-out=plan');
    return JSON.parse((await this.run('show', '-json', 'plan')).stdout);
  }

  dispose(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
