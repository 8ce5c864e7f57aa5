import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeKeyCommand, EncryptCommand, GetKeyPolicyCommand } from '@aws-sdk/client-kms';
import { expect, it, onTestFinished } from 'vitest';
import { startKms } from '../../../test/support/localKmsConnection.ts';
import { LocalKmsKeyStore } from '../../../test/support/localKmsKeyStore.ts';
import { newFiles, startProxy } from '../../../test/support/reconfigurableProxy.ts';
import { PREFIX } from '../../../test/support/signedRequest.ts';
import { describeWithProvider, OFFLINE_PROVIDER, TerraformFolder } from './terraformFolder.ts';

interface Plan {
  readonly resource_changes?: readonly { readonly change: { readonly actions: readonly string[] } }[];
}

const ADMINISTRATOR = 'arn:aws:iam::111122223333:user/TEST';
const USER = 'arn:aws:iam::111122223333:user/Alice';
/** The module's folder, whose name the commands of its provisioners must not misread. */
const MODULE = `Alice's "key store" $(exit 1)`;

describeWithProvider('the module key-store, with the local KMS', () => {
  it('makes, connects and uses a key store, plans no change afterwards, and removes it', async () => {
    const files = newFiles();
    const proxy = await startProxy(files);
    const kms = await startKms(proxy.port);
    const [{ accessKeyId, secretAccessKey }] = files.credentials;
    const folder = await TerraformFolder.create(
      {},
      {
        AWS_ENDPOINT_URL_KMS: kms.endpoint,
        AWS_ENDPOINT_URL: kms.endpoint,
        AWS_ACCESS_KEY_ID: 'TEST',
        AWS_SECRET_ACCESS_KEY: 'any',
      },
    );
    onTestFinished(() => {
      folder.dispose();
    });
    renameSync(join(folder.path, 'key-store'), join(folder.path, MODULE));
    folder.write('main.tf.json', {
      provider: { aws: { ...OFFLINE_PROVIDER, endpoints: { kms: kms.endpoint } } },
      module: {
        key_store: {
          source: `./${MODULE}`,
          key_store: { name: 'Example', uri_endpoint: 'https://localhost', uri_path: `${PREFIX}/kms/xks/v1` },
          credential: { access_key_id: accessKeyId, raw_secret_access_key: secretAccessKey.reveal() },
          connect_with_aws_cli: true,
          keys: { one: { xks_key_id: 'foo', alias: 'one', administrators: [ADMINISTRATOR], users: [USER] } },
        },
      },
      output: {
        id: { value: '${module.key_store.custom_key_store_id}' },
        arns: { value: '${module.key_store.key_arns}' },
      },
    });
    await folder.run('init', '-no-color', '-input=false');

    await folder.run('apply', '-auto-approve', '-input=false', '-no-color');
    const { id, arns } = JSON.parse((await folder.run('output', '-json')).stdout) as {
      id: { value: string };
      arns: { value: { one: string } };
    };
    const store = new LocalKmsKeyStore(kms, id.value);
    expect(await store.describe()).toMatchObject({ ConnectionState: 'CONNECTED', CustomKeyStoreName: 'Example' });
    const { CiphertextBlob } = await store.client.send(
      new EncryptCommand({ KeyId: 'alias/one', Plaintext: Buffer.from('an order') }),
    );
    expect(CiphertextBlob).toBeDefined();
    const { Policy } = await store.client.send(new GetKeyPolicyCommand({ KeyId: arns.value.one }));
    expect(Policy).toContain(USER);

    // This is the state after a rotation of the credential with the CLI.
    const changed = folder.read('main.tf.json').replace(secretAccessKey.reveal(), 'B'.repeat(43));
    folder.write('main.tf.json', JSON.parse(changed) as object);
    const { resource_changes = [] } = (await folder.plan()) as Plan;
    expect(resource_changes.flatMap(({ change }) => change.actions).filter((action) => action !== 'no-op')).toEqual([]);

    const destroy = ['destroy', '-auto-approve', '-input=false', '-no-color'];
    expect((await folder.try(...destroy)).stderr).toContain('Instance cannot be destroyed');
    await folder.run('state', 'rm', 'module.key_store.terraform_data.destroy_protection');
    await folder.run(...destroy);
    expect((await store.describe()).ConnectionState).toBe('DISCONNECTED');
    const { KeyMetadata } = await store.client.send(new DescribeKeyCommand({ KeyId: arns.value.one }));
    expect(KeyMetadata?.KeyState).toBe('PendingDeletion');
  }, 600_000);
});
