import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encryptBody, healthMetadata, paths, requestMetadata } from '../support/messages.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

let files: ProxyFiles;
let proxy: RunningProxy | undefined;

beforeEach(() => {
  files = new ProxyFiles();
});

afterEach(() => {
  proxy?.signal('SIGKILL');
  files.dispose();
});

const ALICE = '@id("alice")\npermit (principal == User::"arn:aws:iam::123456789012:user/Alice", action, resource);\n';
const NOBODY = '@id("nobody")\nforbid (principal, action, resource);\n';

function writePolicies(text: string): void {
  writeFileSync(join(files.folder, 'orders.cedar'), text);
}

describe.each([{ workers: 1 }, { workers: 2 }])('with $workers workers', (server) => {
  it('policies are in force from the start and change with their file, and a bad set changes nothing', async () => {
    writePolicies(ALICE);
    const [first, ...others] = files.config.keyStores;
    files.writeConfig({
      ...files.config,
      server: { ...files.config.server, ...server },
      keyStores: [{ ...first, policyFile: 'orders.cedar' }, ...others],
    });
    const running = (proxy = await RunningProxy.start(files));
    const bob = { ...encryptBody, requestMetadata: { ...requestMetadata, awsPrincipalArn: 'bob' } };
    let alice: object = requestMetadata;
    const expectDecisions = async (status: number) => {
      // The workers take connections in turn, so each of them decides.
      for (let time = 0; time < 4; time += 1) {
        const answer = await running.post(paths.encrypt, { ...encryptBody, requestMetadata: alice });
        expect(answer.status).toBe(status);
        expect(await running.post(paths.encrypt, bob)).toMatchObject({
          status: 403,
          body: { errorName: 'AccessDeniedException' },
        });
        expect((await running.post(paths.health, { requestMetadata: healthMetadata })).status).toBe(200);
      }
    };
    await expectDecisions(200);
    const denied = await running.logged({ msg: 'request', detail: 'no policy permits it' });
    expect(denied['policy']).toMatchObject({ decision: 'deny', policies: [], request: { principal: { arn: 'bob' } } });

    writePolicies(
      `${ALICE}@id("typo")\npermit (principal, action, resource)\nwhen { context.kmsOperatoin == "Encrypt" };\n`,
    );
    running.signal('SIGHUP');
    const { problems } = await running.logged({
      msg: 'the configuration is not reloaded: the previous one stays in force',
    });
    expect(problems).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^keyStores\[0\]\.policyFile \(line \d+\): orders\.cedar:5: in "typo": .*did you mean `kmsOperation`\?/,
        ),
      ]),
    );
    await expectDecisions(200);

    // Cedar cannot continue after this text, which fills its stack.
    writePolicies(
      `${ALICE}@id("deep")\npermit (principal, action, resource)\nwhen { ${'('.repeat(9_000)}true${')'.repeat(9_000)} };\n`,
    );
    running.signal('SIGHUP');
    await running.logged({
      msg: 'the configuration is not reloaded: the previous one stays in force',
      problems: [
        'keyStores[0].policyFile (line 34): orders.cedar:1: Cedar cannot read these policies; perhaps an expression is nested too deeply',
      ],
    });
    // New decisions, and not those that the proxy remembers.
    alice = { ...requestMetadata, comment: 'after' };
    await expectDecisions(200);

    writePolicies(ALICE + NOBODY);
    // The proxy watches this file like the configuration, so no signal is needed.
    await running.logged({
      msg: 'the configuration was reloaded',
      changes: ['keyStores.first.policyFile.policies.nobody: added'],
    });
    await expectDecisions(403);
    await running.logged({ msg: 'request', detail: 'forbidden by nobody' });
  });

  it('policies that a reload does not change stay in force for each of their key stores', async () => {
    writePolicies(ALICE);
    const [first, ...others] = files.config.keyStores;
    const config = (tags: object) => ({
      ...files.config,
      server: { ...files.config.server, ...server },
      keyStores: [
        { ...first, policyFile: 'orders.cedar', tags },
        ...others.map((store) => ({ ...store, policyFile: 'orders.cedar' })),
      ],
    });
    files.writeConfig(config({}));
    const running = (proxy = await RunningProxy.start(files));
    const bob = { ...encryptBody, requestMetadata: { ...requestMetadata, awsPrincipalArn: 'bob' } };
    const tags: Record<string, string> = {};
    for (const tag of ['one', 'two', 'three']) {
      tags[tag] = 'any';
      files.writeConfig(config(tags));
      await running.logged({ msg: 'the configuration was reloaded', changes: [`keyStores.first.tags.${tag}: added`] });
      // Each request opens a connection, and the workers take connections in turn.
      for (let time = 0; time < 4; time += 1) {
        expect((await running.post(paths.encrypt, encryptBody)).status).toBe(200);
        expect((await running.post(paths.encrypt, bob)).status).toBe(403);
      }
    }
  });
});
