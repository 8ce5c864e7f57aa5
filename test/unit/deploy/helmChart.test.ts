import { globSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { isMap, parse, parseDocument, type YAMLMap } from 'yaml';
import { newAuditKey } from '../../../src/audit/format/auditKey.ts';
import { loadConfig } from '../../../src/config/loadConfig.ts';
import { configJsonSchema } from '../../../src/config/schema/configJsonSchema.ts';
import { testCertificates } from '../../support/certificates.ts';
import { CHART } from '../../support/helm.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { CONFIG_SECRET } from '../../support/validConfig.ts';

// Tests that do not need Helm. helmTemplate.test.ts has the others.

const ROOT = join(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(join(CHART, file), 'utf8');

interface Schema {
  readonly description?: string;
  readonly additionalProperties?: boolean | Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}
const SCHEMA = JSON.parse(read('values.schema.json')) as Schema;
const matches = new Ajv({ allowUnionTypes: true, allErrors: true }).compile(SCHEMA);

function schemaProblems(values: unknown): string[] {
  matches(values);
  return (matches.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
}

/** Every schema with a name in this one, by its dotted path. */
function namedSchemas({ properties = {}, items }: Schema, path = ''): [string, Schema][] {
  const named = Object.entries(properties).flatMap(([name, schema]): [string, Schema][] => [
    [path + name, schema],
    ...namedSchemas(schema, `${path}${name}.`),
  ]);
  return items ? [...named, ...namedSchemas(items, path)] : named;
}

/** The comment above each value of this map, by its dotted path. */
function commentsOf(map: YAMLMap, path = ''): [string, string][] {
  return map.items.flatMap((pair, index): [string, string][] => {
    const key = pair.key as { readonly value: string; readonly commentBefore?: string };
    // The comment above the first key belongs to the map.
    const comment = key.commentBefore ?? (index === 0 ? map.commentBefore : undefined) ?? '';
    // Above the first key, the paragraph before is about the file.
    const text = (comment.split(/\n\s*\n/).at(-1) ?? '').split('\n').map((line) => line.trim());
    const inner = isMap(pair.value) && !pair.value.flow ? commentsOf(pair.value, `${path}${key.value}.`) : [];
    return [[path + key.value, text.join(' ')], ...inner];
  });
}

describe('values.schema.json', () => {
  const named = namedSchemas(SCHEMA);

  it('describes every value, as values.yaml does', () => {
    expect(named.filter(([, { description }]) => !description)).toEqual([]);
    const comments = commentsOf(parseDocument(read('values.yaml')).contents as YAMLMap);
    const elsewhere = ['global', 'networkPolicy.hsm.cidr', 'networkPolicy.hsm.port', 'networkPolicy.hsm.endPort'];
    const described = named.filter(([path]) => !elsewhere.includes(path));
    expect(described.map(([path, { description }]) => [path, description])).toEqual(comments);
  });

  it('has no map that accepts any key, unless its keys are free', () => {
    const open = named.filter(([, schema]) => schema.properties && schema.additionalProperties !== false);
    expect(open).toEqual([]);
    expect(SCHEMA.additionalProperties).toBe(false);
  });

  it.each(['values.yaml', 'examples/values.yaml'])('accepts %s', (file) => {
    expect(schemaProblems(parse(read(file)))).toEqual([]);
  });

  it('accepts the values that a parent chart passes', () => {
    expect(schemaProblems({ global: { region: 'us-east-1' } })).toEqual([]);
  });

  it.each([
    [{ replica: 2 }, ' must NOT have additional properties'],
    [{ image: { name: 'xks-proxy' } }, '/image must NOT have additional properties'],
    [{ image: { digest: 'sha256:12' } }, '/image/digest must match pattern "^$|^sha256:[0-9a-f]{64}$"'],
    [{ secrets: { pin: '1234' } }, '/secrets must NOT have additional properties'],
    [{ secrets: { files: 'xks-proxy-secrets' } }, '/secrets/files must be array'],
    [{ library: { source: 'hostPath' } }, '/library/source must be equal to one of the allowed values'],
    [{ library: { mountPath: '/' } }, '/library/mountPath must match pattern "^/[^/]"'],
    [{ library: { env: { PIN: 1234 } } }, '/library/env/PIN must be string'],
    [{ replicas: 0 }, '/replicas must be >= 1'],
    [{ autoscaling: { cpuUtilization: 0 } }, '/autoscaling/cpuUtilization must be >= 1'],
    [{ podDisruptionBudget: { maxUnavailable: 0 } }, '/podDisruptionBudget/maxUnavailable must be >= 1'],
    [{ service: { type: 'NodePort' } }, '/service/type must be equal to one of the allowed values'],
    [
      { service: { loadBalancerSourceRanges: [] } },
      '/service/loadBalancerSourceRanges must NOT have fewer than 1 items',
    ],
    [{ networkPolicy: { hsm: [{ cidr: '10.0.0.0/8' }] } }, "/networkPolicy/hsm/0 must have required property 'port'"],
    [{ networkPolicy: { clients: ['load-balancer'] } }, '/networkPolicy/clients/0 must match pattern'],
    [{ audit: { accessMode: 'ReadWriteMany' } }, '/audit/accessMode must be equal to one of the allowed values'],
  ])('refuses %j', (values, problem) => {
    expect(schemaProblems(values)).toContainEqual(expect.stringContaining(problem));
  });
});

it('the templates read all values, and no others', () => {
  const templates = globSync('templates/*', { cwd: CHART }).map(read).join('\n');
  const known = namedSchemas(SCHEMA).map(([path]) => path);
  const paths = [...templates.matchAll(/(?:\.Values|\$values)((?:\.\w+)+)/g)].map(([, path = '']) => path.slice(1));
  expect(paths.length).toBeGreaterThan(0);
  expect(paths.filter((path) => !known.includes(path))).toEqual([]);
  // A value whose parent is read by `with` has only its own name in the template.
  const unread = known.filter((path) => !new RegExp(`[.$" ]${path.split('.').at(-1) ?? ''}\\b`).test(templates));
  expect(unread).toEqual(['global']);
});

it('the version of the chart is that of the program', () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(parse(read('Chart.yaml'))).toMatchObject({ version, appVersion: version });
});

it('deploy/prometheus has a link to its alerts, not a copy', () => {
  const link = join(ROOT, 'deploy/prometheus/xks-proxy.rules.yml');
  expect(realpathSync(link)).toBe(realpathSync(join(CHART, 'files/xks-proxy.rules.yml')));
});

describe('examples/config.yaml', () => {
  it("is what the configuration's JSON Schema allows", () => {
    const check = new Ajv2020({ allowUnionTypes: true, strict: false }).compile(configJsonSchema());
    check(parse(read('examples/config.yaml')));
    expect(check.errors).toBeNull();
  });

  it('is accepted by the proxy', () => {
    const folder = temporaryFolder({
      'config.yaml': read('examples/config.yaml')
        .replace('/opt/hsm/lib/libpkcs11.so', 'module.so')
        .replace('/var/lib/xks-proxy/audit', 'audit'),
      'audit.key': newAuditKey(),
      'module.so': 'not loaded here',
      'tls.crt': testCertificates.server.certificate,
      'tls.key': testCertificates.server.privateKey,
      pin: '123456\n',
      'example.secret': CONFIG_SECRET,
    });
    const loaded = loadConfig(join(folder, 'config.yaml'), {});
    expect(loaded.warnings).toEqual([]);
    expect(loaded.config).toMatchObject({
      server: { host: '0.0.0.0', port: 8443, proxyProtocol: { enabled: true } },
      monitoring: { host: '0.0.0.0', port: 9464 },
    });
  });
});
