import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { newAuditKey } from '../../../src/audit/format/auditKey.ts';
import { loadConfig } from '../../../src/config/loadConfig.ts';
import { testCertificates } from '../../support/certificates.ts';
import { manifestProblems, type Manifest } from '../../support/manifestProblems.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const FOLDER = join(import.meta.dirname, '../../../deploy/kubernetes');
const CONFIG_MAP = 'xks-proxy-config';
const POD_LABELS = { 'app.kubernetes.io/name': 'xks-proxy' };

/** As Kubernetes reads it: YAML 1.1, where `off` and 0440 are not what they are in 1.2. */
function read(file: string): unknown {
  return parse(readFileSync(join(FOLDER, file), 'utf8'), { version: '1.1' });
}

const MANIFESTS = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.yaml') && !['kustomization.yaml', 'config.yaml'].includes(file))
  .map((file) => [file, read(file) as Manifest] as const);

function manifest(kind: string): unknown {
  return MANIFESTS.find(([, candidate]) => candidate.kind === kind)?.[1];
}

interface Container {
  readonly image: string;
  readonly lifecycle: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
}
interface Deployment {
  readonly spec: {
    readonly template: {
      readonly spec: { readonly terminationGracePeriodSeconds: number; readonly containers: readonly [Container] };
    };
  };
}
const pod = (manifest('Deployment') as Deployment).spec.template.spec;
const [container] = pod.containers;
const config = read('config.yaml') as {
  readonly server: { readonly drainSeconds: number; readonly fleetSize: number };
};

describe.each(MANIFESTS)('%s', (_file, given) => {
  it("is what Kubernetes' schema allows, and nothing else", () => {
    expect(manifestProblems(given)).toEqual([]);
  });

  it('a misspelt field would be found, wherever it is', () => {
    const objects = objectsOf(given, '');
    expect(objects.length).toBeGreaterThan(0);
    for (const { path, object } of objects) {
      object['misspelt'] = 'x';
      expect(manifestProblems(given)).toEqual([`${path}/misspelt is unknown`]);
      delete object['misspelt'];
    }
  });

  /** All but maps, whose keys are free. */
  function objectsOf(value: unknown, path: string): { path: string; object: Record<string, unknown> }[] {
    if (typeof value !== 'object' || value === null) return [];
    if (
      /\/(labels|annotations|matchLabels|selector|requests|limits|parameters)$/.test(path) &&
      !('matchLabels' in value)
    )
      return [];
    const inner = Object.entries(value).flatMap(([key, child]) => objectsOf(child, `${path}/${key}`));
    return Array.isArray(value) ? inner : [{ path, object: value as Record<string, unknown> }, ...inner];
  }
});

it.each([
  [{ apiVersion: 'v1', kind: 'Servise' }, 'Servise of v1 is not known here'],
  [{ apiVersion: 'v1', kind: 'Service', spec: { ports: [{ port: '443' }] } }, 'data/spec/ports/0/port must be integer'],
])('the schema refuses %j', (wrong, problem) => {
  expect(manifestProblems(wrong)).toEqual([problem]);
});

it('kustomization.yaml has all of it', () => {
  expect(read('kustomization.yaml')).toMatchObject({
    resources: expect.toSatisfy(
      (listed: string[]) => listed.toSorted().join() === MANIFESTS.map(([file]) => file).join(),
    ) as unknown,
    configMapGenerator: [{ name: CONFIG_MAP, files: ['config.yaml'], options: { disableNameSuffixHash: true } }],
    images: [{ name: container.image }],
  });
});

it('pods are as the restricted Pod Security Standard wants them, and the API server holds it', () => {
  expect(manifest('Namespace')).toMatchObject({
    metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
  });
  expect(pod).toMatchObject({
    automountServiceAccountToken: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 10001,
      runAsGroup: 10001,
      fsGroup: 10001,
      seccompProfile: { type: 'RuntimeDefault' },
    },
  });
  expect(container).toMatchObject({
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
  });
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC', 'initContainers']) expect(pod).not.toHaveProperty(field);
});

it('configuration and secrets are read-only files for the group of the proxy alone', () => {
  for (const field of ['env', 'envFrom']) expect(container).not.toHaveProperty(field);
  expect(container).toMatchObject({
    volumeMounts: expect.arrayContaining([{ name: 'etc', mountPath: '/etc/xks-proxy', readOnly: true }]) as unknown,
  });
  expect(pod).toMatchObject({
    volumes: [
      { name: 'audit' },
      {
        name: 'etc',
        projected: {
          defaultMode: 0o440,
          sources: [
            { configMap: { name: CONFIG_MAP } },
            { secret: { name: 'xks-proxy-secrets' } },
            { secret: { name: 'xks-proxy-tls', items: [{ path: 'tls.crt' }, { path: 'tls.key' }] } },
          ],
        },
      },
    ],
  });
});

it('each pod writes its audit log to a disk of its own, which stays when the pod is gone', () => {
  const { audit } = read('config.yaml') as { audit: { directory: string; origin: string } };
  expect(dirname(audit.directory)).toBe('/var/lib/xks-proxy');
  expect(audit.origin).toContain('${HOSTNAME}');
  expect(container).toMatchObject({
    volumeMounts: expect.arrayContaining([{ name: 'audit', mountPath: '/var/lib/xks-proxy' }]) as unknown,
  });
  const storageClassName = 'xks-proxy-audit';
  const spec = { storageClassName, accessModes: ['ReadWriteOncePod'] };
  expect(pod).toMatchObject({ volumes: [{ ephemeral: { volumeClaimTemplate: { spec } } }, { name: 'etc' }] });
  expect(manifest('StorageClass')).toMatchObject({
    metadata: { name: storageClassName },
    parameters: { encrypted: 'true' },
    reclaimPolicy: 'Retain',
    volumeBindingMode: 'WaitForFirstConsumer',
  });
});

it('two or more run, in several zones, and an update takes none away before there is another', () => {
  expect(manifest('Deployment')).not.toHaveProperty('spec.replicas');
  expect(manifest('HorizontalPodAutoscaler')).toMatchObject({
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'xks-proxy' },
      minReplicas: config.server.fleetSize,
      metrics: [{ resource: { name: 'cpu' } }],
    },
  });
  expect(config.server.fleetSize).toBeGreaterThanOrEqual(2);
  expect(manifest('Deployment')).toMatchObject({
    spec: { strategy: { rollingUpdate: { maxUnavailable: 0 } }, template: { metadata: { labels: POD_LABELS } } },
  });
  expect(pod).toMatchObject({
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule' },
      { topologyKey: 'kubernetes.io/hostname' },
    ],
  });
  expect(manifest('PodDisruptionBudget')).toMatchObject({
    spec: { maxUnavailable: 1, selector: { matchLabels: POD_LABELS } },
  });
});

it('probes ask the monitoring listener', () => {
  expect(container).toMatchObject({
    ports: [
      { name: 'https', containerPort: 8443 },
      { name: 'monitoring', containerPort: 9464 },
    ],
    startupProbe: { httpGet: { path: '/livez', port: 'monitoring' } },
    livenessProbe: { httpGet: { path: '/livez', port: 'monitoring' } },
    readinessProbe: { httpGet: { path: '/readyz', port: 'monitoring' } },
  });
});

const SERVICE = manifest('Service') as {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
};
const annotation = (name: string): string | undefined =>
  SERVICE.metadata.annotations[`service.beta.kubernetes.io/aws-load-balancer-${name}`];

it('a pod ends after the load balancer has forgotten it and requests have been answered', () => {
  const stopping = container.lifecycle.preStop.sleep.seconds + config.server.drainSeconds;
  expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(stopping + 2);
  const delay = /deregistration_delay\.timeout_seconds=(\d+)/.exec(annotation('target-group-attributes') ?? '')?.[1];
  expect(Number(delay)).toBeGreaterThan(stopping);
});

it('the Service is an internal Network Load Balancer with PROXY protocol v2 that checks readiness', () => {
  expect(SERVICE).toMatchObject({
    spec: {
      type: 'LoadBalancer',
      loadBalancerClass: 'service.k8s.aws/nlb',
      selector: POD_LABELS,
      ports: [{ port: 443, targetPort: 'https' }],
    },
  });
  expect(annotation('scheme')).toBe('internal');
  expect(annotation('nlb-target-type')).toBe('ip');
  expect(annotation('attributes')).toBe('load_balancing.cross_zone.enabled=true');
  expect(annotation('proxy-protocol')).toBe('*');
  expect(annotation('target-group-attributes')).toContain('preserve_client_ip.enabled=false');
  expect(annotation('inbound-sg-rules-on-private-link-traffic')).toBe('off');
  expect(annotation('healthcheck-protocol')).toBe('http');
  expect(annotation('healthcheck-port')).toBe('9464');
  expect(annotation('healthcheck-path')).toBe('/readyz');
});

it('the network lets in the load balancer and Prometheus, and out to DNS and the HSM', () => {
  const tcp = (port: number) => ({ protocol: 'TCP', port });
  const namespace = (name: string) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } });
  expect(manifest('NetworkPolicy')).toMatchObject({
    spec: {
      podSelector: { matchLabels: POD_LABELS },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        {
          from: [{ ipBlock: { cidr: '192.0.2.0/25' } }, { ipBlock: { cidr: '192.0.2.128/25' } }],
          ports: [tcp(8443), tcp(9464)],
        },
        { from: [{ namespaceSelector: namespace('monitoring') }], ports: [tcp(9464)] },
      ],
      egress: [
        {
          to: [
            { namespaceSelector: namespace('kube-system'), podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } },
          ],
          ports: [{ protocol: 'UDP', port: 53 }, tcp(53)],
        },
        { to: [{ ipBlock: { cidr: '198.51.100.0/24' } }], ports: [{ ...tcp(2223), endPort: 2225 }] },
      ],
    },
  });
});

it('the proxy takes the configuration', () => {
  const text = readFileSync(join(FOLDER, 'config.yaml'), 'utf8');
  const folder = temporaryFolder({
    'config.yaml': text.replace('/opt/hsm/lib/libpkcs11.so', 'module.so').replace('/var/lib/xks-proxy/audit', 'audit'),
    'audit.key': newAuditKey(),
    'module.so': 'not loaded here',
    'tls.crt': testCertificates.server.certificate,
    'tls.key': testCertificates.server.privateKey,
    pin: '123456\n',
    'example.secret': 'FYtE5EFA5FT0mCc3DrGUe2sti527BitkQ0Zr9MO9fvE\n',
  });
  const loaded = loadConfig(join(folder, 'config.yaml'), {});
  expect(loaded.warnings).toEqual([]);
  expect(loaded.config).toMatchObject({
    server: { host: '0.0.0.0', port: 8443, proxyProtocol: { enabled: true } },
    monitoring: { host: '0.0.0.0', port: 9464 },
  });
});
