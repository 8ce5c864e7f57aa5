import { afterAll, beforeAll } from 'vitest';
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

/** Terraform's plan for an example, which all tests of a file share. */
export class ExamplePlan {
  readonly name: string;
  resources: readonly Resource[] = [];
  #folder: TerraformFolder | undefined;

  constructor(name: 'fargate' | 'ec2') {
    this.name = name;
    beforeAll(async () => {
      const credential = { access_key_id: 'MUBSXM6K3KMXHN6RRCXI7TWQH4', raw_secret_access_key: SECRET };
      this.#folder = await TerraformFolder.create({
        provider: { aws: OFFLINE_PROVIDER },
        module: { example: { source: `./examples/${name}`, credential } },
      });
      const plan = (await this.#folder.plan()) as { readonly planned_values: { readonly root_module: Module } };
      this.resources = resourcesOf(plan.planned_values.root_module);
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
