import { createServer } from 'node:http';
import { afterAll, beforeAll } from 'vitest';
import { listenLocally } from '../../../test/support/listenLocally.ts';
import { OFFLINE_PROVIDER, TerraformFolder } from './terraformFolder.ts';

/** A resource that Terraform would make. Values that AWS chooses are absent. */
interface Resource {
  readonly address: string;
  readonly type: string;
  readonly values: Readonly<Record<string, unknown>>;
}

interface Module {
  readonly resources?: readonly Resource[];
  readonly child_modules?: readonly Module[];
}

/** The secret access key of the credential in the plans. */
export const SECRET = 'A'.repeat(44);

/** AWS STS's answer to GetCallerIdentity. */
const CALLER_IDENTITY = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult>
    <Account>111122223333</Account>
    <Arn>arn:aws:iam::111122223333:role/Terraform</Arn>
    <UserId>TEST</UserId>
  </GetCallerIdentityResult>
</GetCallerIdentityResponse>`;

/** Terraform's plan for an example, which all tests of a file share. */
export class ExamplePlan {
  readonly name: string;
  resources: readonly Resource[] = [];
  #folder: TerraformFolder | undefined;

  constructor(name: 'fargate' | 'ec2') {
    this.name = name;
    beforeAll(async () => {
      const sts = await listenLocally(
        createServer((_, response) => response.setHeader('Content-Type', 'text/xml').end(CALLER_IDENTITY)),
      );
      const credential = { access_key_id: 'MUBSXM6K3KMXHN6RRCXI7TWQH4', raw_secret_access_key: SECRET };
      this.#folder = await TerraformFolder.create({
        provider: { aws: { ...OFFLINE_PROVIDER, endpoints: { sts: `http://127.0.0.1:${sts.port}` } } },
        module: { example: { source: `./examples/${name}`, credential } },
      });
      const plan = (await this.#folder.plan()) as { readonly planned_values: { readonly root_module: Module } };
      this.resources = resourcesOf(plan.planned_values.root_module);
      await sts.close();
    });
    afterAll(() => {
      this.#folder?.dispose();
    });
  }

  get folder(): string {
    return this.#folder?.path ?? '';
  }

  /** The values of all resources of a type. */
  all(type: string): Resource['values'][] {
    return this.resources.filter((resource) => resource.type === type).map(({ values }) => values);
  }

  /** The values of the only resource of a type. */
  only(type: string): Resource['values'] {
    return onlyOf(this.all(type));
  }
}

export function onlyOf<T>([one, ...others]: readonly T[]): T {
  if (one === undefined || others.length > 0) throw new Error('Expected exactly one item of this type.');
  return one;
}

function resourcesOf({ resources = [], child_modules = [] }: Module): readonly Resource[] {
  return [...resources, ...child_modules.flatMap(resourcesOf)];
}
