import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CHART, CONFIG, hasHelm, helm, NO_AUDIT, ONE_LOG, ONE_POD, render, WITHOUT_HELM } from '../../support/helm.ts';
import { manifestProblems, type Manifest } from '../../support/manifestProblems.ts';

const POD_LABELS = { 'app.kubernetes.io/name': 'xks-proxy', 'app.kubernetes.io/instance': 'xks-proxy' };
/** Every value that the other cases do not set. */
const EVERYTHING = {
  fullnameOverride: 'payments',
  image: { tag: '1', digest: `sha256:${'0'.repeat(64)}`, pullPolicy: 'Always', pullSecrets: ['registry'] },
  files: { 'example.cedar': 'permit (principal, action, resource);\n' },
  secrets: { tls: 'certificate', files: ['hsm', 'key-stores'] },
  library: {
    mountPath: '/opt/hsm/',
    image: { pullPolicy: 'Always' },
    env: { ChrystokiConfigurationPath: '/etc/luna' },
  },
  audit: { size: '1Ti', storageClassName: 'retained', accessMode: 'ReadWriteOnce' },
  autoscaling: { minReplicas: 3, maxReplicas: 12, cpuUtilization: 60 },
  podDisruptionBudget: { minAvailable: '50%' },
  zoneSpread: 'ScheduleAnyway',
  resources: { requests: { cpu: '500m' }, limits: { cpu: 2, memory: '1Gi' } },
  preStopSeconds: 60,
  service: { loadBalancerSourceRanges: ['10.0.0.0/8'], annotations: { 'example.com/owner': 'keys' } },
  networkPolicy: {
    clients: ['2001:db8::/64'],
    prometheus: [{ podSelector: { matchLabels: { app: 'prometheus' } } }],
    hsm: [{ cidr: '198.51.100.1/32', port: 1792 }],
    extraIngress: [{ from: [{ podSelector: {} }], ports: [{ port: 9464 }] }],
    extraEgress: [{ to: [{ ipBlock: { cidr: '198.51.100.2/32' } }] }],
  },
  serviceMonitor: { enabled: true, interval: '15s', labels: { release: 'prometheus' } },
  prometheusRule: { enabled: true, labels: { release: 'prometheus' }, runbookUrl: 'https://git.example.com/' },
  serviceAccount: { name: 'proxy', annotations: { 'example.com/owner': 'keys' } },
  podLabels: { team: 'keys' },
  podAnnotations: { 'example.com/owner': 'keys' },
  nodeSelector: { 'kubernetes.io/arch': 'amd64' },
  tolerations: [{ key: 'hsm', operator: 'Exists', effect: 'NoSchedule' }],
  affinity: {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: POD_LABELS } },
      ],
    },
  },
  priorityClassName: 'keys',
  supplementalGroups: [1002],
  extraVolumes: [{ name: 'luna', secret: { secretName: 'luna' } }],
  extraVolumeMounts: [{ name: 'luna', mountPath: '/etc/luna', readOnly: true }],
  extraInitContainers: [{ name: 'daemon', image: 'registry.example.com/daemon:1', restartPolicy: 'Always' }],
};

const AWKWARD_NAMES = {
  fullnameOverride: 'on',
  image: { tag: '1e3', pullSecrets: ['null'] },
  secrets: { tls: 'off', files: ['1234'] },
  library: { env: { NO: 'yes' } },
  audit: { storageClassName: '1e3' },
  serviceAccount: { name: 'no' },
  podLabels: { on: 'off' },
  priorityClassName: 'yes',
};

const CASES: readonly (readonly [string, object])[] = [
  ['the examples', {}],
  ['everything', EVERYTHING],
  ['names that YAML reads as something else', AWKWARD_NAMES],
  ['a map of configuration', { config: CONFIG }],
  ['no audit log', { config: NO_AUDIT }],
  ['one audit log', { ...ONE_POD, ...ONE_LOG }],
  ['the library in the image', { library: { source: 'inImage' } }],
  ['the library as an image volume', { library: { source: 'imageVolume' } }],
  [
    'the library as a volume',
    { library: { source: 'volume', volume: { persistentVolumeClaim: { claimName: 'hsm' } } } },
  ],
  ['another load balancer', { service: { type: 'ClusterIP' }, networkPolicy: { prometheus: [] } }],
  ['no optional objects', { ...ONE_POD, networkPolicy: { enabled: false }, serviceAccount: { create: false } }],
];

function only(manifests: readonly Manifest[], kind: string): Manifest | undefined {
  return manifests.find((manifest) => manifest.kind === kind);
}

interface Container {
  readonly lifecycle: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
}
interface Deployment extends Manifest {
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
      readonly spec: {
        readonly terminationGracePeriodSeconds: number;
        readonly containers: readonly [Container];
        readonly volumes: readonly { readonly name: string }[];
      };
    };
  };
}
function podOf(manifests: readonly Manifest[]) {
  const { metadata, spec } = (only(manifests, 'Deployment') as Deployment).spec.template;
  const [container] = spec.containers;
  const volume = (name: string) => spec.volumes.find((candidate) => candidate.name === name);
  return { metadata, spec, container, volume };
}

interface Service extends Manifest {
  readonly metadata: { readonly name: string; readonly annotations: Readonly<Record<string, string>> };
}
const annotationOf = (service: Service, name: string): string | undefined =>
  service.metadata.annotations[`service.beta.kubernetes.io/aws-load-balancer-${name}`];

/** All maps in this value except those whose keys are free. */
function objectsOf(value: unknown, path: string): { path: string; object: Record<string, unknown> }[] {
  if (typeof value !== 'object' || value === null) return [];
  const free = /\/(labels|annotations|matchLabels|selector|nodeSelector|requests|limits|parameters|data)$/;
  if (free.test(path) && !('matchLabels' in value)) return [];
  const inner = Object.entries(value).flatMap(([key, child]) => objectsOf(child, `${path}/${key}`));
  return Array.isArray(value) ? inner : [{ path, object: value as Record<string, unknown> }, ...inner];
}

it.each([
  [{ apiVersion: 'v1', kind: 'Servise' }, 'Servise of v1 is not known here'],
  [{ apiVersion: 'v1', kind: 'Service', spec: { ports: [{ port: '443' }] } }, 'data/spec/ports/0/port must be integer'],
])("Kubernetes' schema refuses %j", (wrong, problem) => {
  expect(manifestProblems(wrong)).toEqual([problem]);
});

describe.skipIf(!hasHelm)(`the chart${WITHOUT_HELM}`, () => {
  const example = hasHelm ? render() : [];
  const everything = hasHelm ? render(EVERYTHING) : [];
  const { spec: pod, container, volume } = hasHelm ? podOf(example) : ({} as ReturnType<typeof podOf>);

  describe.each(CASES)('with %s', (_name, values) => {
    it("conforms to Kubernetes' schema, with no further fields", () => {
      const manifests = render(values);
      expect(manifests.map(({ kind }) => kind)).toContain('Deployment');
      expect(manifests.flatMap((manifest) => manifestProblems(manifest))).toEqual([]);
    });
  });

  it.each([
    ['with the examples', {}],
    ['with everything', EVERYTHING],
  ])('helm lint finds nothing %s', (_name, values) => {
    expect(helm(['lint', '--strict'], values)).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('1 chart(s) linted, 0 chart(s) failed') as unknown,
    });
  });

  it('the check of the schema finds a misspelt field at any depth', () => {
    for (const manifest of everything)
      for (const { path, object } of objectsOf(manifest, '')) {
        object['misspelt'] = 'x';
        expect(manifestProblems(manifest)).toEqual([`${path}/misspelt is unknown`]);
        delete object['misspelt'];
      }
  });

  it('pods conform to the restricted Pod Security Standard', () => {
    const securityContext = {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    };
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 10001,
        runAsGroup: 10001,
        fsGroup: 10001,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      initContainers: [{ name: 'library', securityContext }],
      containers: [{ securityContext }],
    });
    expect(only(example, 'ServiceAccount')).toMatchObject({ automountServiceAccountToken: false });
    for (const field of ['hostNetwork', 'hostPID', 'hostIPC']) expect(pod).not.toHaveProperty(field);
  });

  it('configuration and secrets are read-only files that only the group of the proxy can read', () => {
    for (const field of ['env', 'envFrom']) expect(container).not.toHaveProperty(field);
    expect(container).toMatchObject({
      volumeMounts: expect.arrayContaining([{ name: 'etc', mountPath: '/etc/xks-proxy', readOnly: true }]) as unknown,
    });
    expect(volume('etc')).toEqual({
      name: 'etc',
      projected: {
        defaultMode: 0o440,
        sources: [
          { configMap: { name: 'xks-proxy' } },
          { secret: { name: 'xks-proxy-secrets' } },
          {
            secret: {
              name: 'xks-proxy-tls',
              items: [
                { key: 'tls.crt', path: 'tls.crt' },
                { key: 'tls.key', path: 'tls.key' },
              ],
            },
          },
        ],
      },
    });
    expect(example.map(({ kind }) => kind)).not.toContain('Secret');
  });

  it('the configuration is the given text or map, with further files beside it', () => {
    const text = readFileSync(join(CHART, 'examples/config.yaml'), 'utf8');
    expect(only(example, 'ConfigMap')).toMatchObject({ data: { 'config.yaml': text } });
    const { data } = only(render({ config: CONFIG, files: { a: '1\n' } }), 'ConfigMap') as unknown as {
      data: Record<string, string>;
    };
    expect(parse(data['config.yaml'] ?? '')).toEqual(CONFIG);
    expect(data['a']).toBe('1\n');
  });

  it('pods are replaced only after changes that a running proxy does not apply', () => {
    const restartOf = (change: (config: typeof CONFIG) => object) =>
      podOf(render({ config: change(CONFIG) })).metadata.annotations['xks-proxy/restart'];
    const before = restartOf((config) => config);
    expect(before).toMatch(/^[0-9a-f]{16}$/);
    expect(podOf(example).metadata.annotations['xks-proxy/restart']).toBe(before);
    expect(restartOf((config) => ({ ...config, keyStores: [] }))).toBe(before);
    expect(restartOf((config) => ({ ...config, log: { level: 'debug' } }))).not.toBe(before);
    expect(restartOf((config) => ({ ...config, server: { ...config.server, workers: 2 } }))).not.toBe(before);
    const isolated = (config: typeof CONFIG) => {
      const [manager] = config.keyManagers;
      return { ...config, keyManagers: [{ ...manager, pkcs11: { ...manager.pkcs11, isolation: 'none' } }] };
    };
    expect(restartOf(isolated)).not.toBe(before);
  });

  it('each pod writes its audit log to its own disk, which remains after the pod was deleted', () => {
    expect(container).toMatchObject({
      volumeMounts: expect.arrayContaining([{ name: 'data', mountPath: '/var/lib/xks-proxy' }]) as unknown,
    });
    const storageClassName = 'keys-xks-proxy-audit';
    const spec = { storageClassName, accessModes: ['ReadWriteOncePod'] };
    expect(volume('data')).toMatchObject({ ephemeral: { volumeClaimTemplate: { spec } } });
    expect(only(example, 'StorageClass')).toMatchObject({
      metadata: { name: storageClassName },
      parameters: { encrypted: 'true' },
      reclaimPolicy: 'Retain',
      volumeBindingMode: 'WaitForFirstConsumer',
    });
  });

  it('an existing StorageClass is used, and none is created', () => {
    expect(only(everything, 'StorageClass')).toBeUndefined();
    expect(podOf(everything).volume('data')).toMatchObject({
      ephemeral: { volumeClaimTemplate: { spec: { storageClassName: 'retained', accessModes: ['ReadWriteOnce'] } } },
    });
  });

  it('without an audit log there is a folder for the block list, and no disk', () => {
    const manifests = render({ config: NO_AUDIT });
    expect(only(manifests, 'StorageClass')).toBeUndefined();
    expect(podOf(manifests).volume('data')).toEqual({ name: 'data', emptyDir: { sizeLimit: '16Mi' } });
  });

  it('one pod continues the log on an existing claim, and no second pod runs meanwhile', () => {
    const manifests = render({ ...ONE_POD, ...ONE_LOG });
    expect(podOf(manifests).volume('data')).toEqual({ name: 'data', persistentVolumeClaim: { claimName: 'audit' } });
    expect(only(manifests, 'Deployment')).toMatchObject({ spec: { replicas: 1, strategy: { type: 'Recreate' } } });
    expect(only(manifests, 'HorizontalPodAutoscaler')).toBeUndefined();
  });

  it('two or more pods run in several zones, and an update removes none before a new one is ready', () => {
    const deployment = only(example, 'Deployment');
    expect(deployment).not.toHaveProperty('spec.replicas');
    expect(only(example, 'HorizontalPodAutoscaler')).toMatchObject({
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'xks-proxy' },
        minReplicas: CONFIG.server.fleetSize,
        metrics: [{ resource: { name: 'cpu' } }],
      },
    });
    expect(CONFIG.server.fleetSize).toBeGreaterThanOrEqual(2);
    expect(deployment).toMatchObject({
      metadata: { name: 'xks-proxy', namespace: 'keys' },
      spec: {
        strategy: { rollingUpdate: { maxUnavailable: 0 } },
        selector: { matchLabels: POD_LABELS },
        template: { metadata: { labels: POD_LABELS } },
      },
    });
    const labelSelector = { matchLabels: POD_LABELS };
    expect(pod).toMatchObject({
      topologySpreadConstraints: [
        { topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway', labelSelector },
        { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector },
      ],
    });
    expect(only(example, 'PodDisruptionBudget')).toMatchObject({
      spec: { maxUnavailable: 1, selector: labelSelector },
    });
    expect(only(everything, 'PodDisruptionBudget')).toMatchObject({ spec: { minAvailable: '50%' } });
    expect(only(everything, 'PodDisruptionBudget')).not.toHaveProperty('spec.maxUnavailable');
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

  it.each([
    [{}, 40 + 20],
    [{ preStopSeconds: 100, config: { ...CONFIG, server: { ...CONFIG.server, drainSeconds: 60 } } }, 100 + 60],
  ])('a pod ends after the load balancer has dropped it and requests have been answered: %#', (values, stopping) => {
    const manifests = render(values);
    const { spec, container } = podOf(manifests);
    expect(container.lifecycle.preStop.sleep.seconds + 20).toBeLessThanOrEqual(stopping);
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(stopping + 5);
    const attributes = annotationOf(only(manifests, 'Service') as Service, 'target-group-attributes') ?? '';
    const delay = /deregistration_delay\.timeout_seconds=(\d+)$/.exec(attributes)?.[1];
    expect(Number(delay)).toBeGreaterThan(spec.terminationGracePeriodSeconds);
  });

  it('the Service is an internal Network Load Balancer with PROXY protocol v2 that checks readiness', () => {
    const service = only(example, 'Service') as Service;
    expect(service).toMatchObject({
      spec: {
        type: 'LoadBalancer',
        loadBalancerClass: 'service.k8s.aws/nlb',
        loadBalancerSourceRanges: ['192.0.2.0/24'],
        selector: POD_LABELS,
        ports: [{ port: 443, targetPort: 'https' }],
      },
    });
    expect(annotationOf(service, 'scheme')).toBe('internal');
    expect(annotationOf(service, 'nlb-target-type')).toBe('ip');
    expect(annotationOf(service, 'attributes')).toBe('load_balancing.cross_zone.enabled=true');
    expect(annotationOf(service, 'proxy-protocol')).toBe('*');
    expect(annotationOf(service, 'target-group-attributes')).toContain('preserve_client_ip.enabled=false');
    expect(annotationOf(service, 'inbound-sg-rules-on-private-link-traffic')).toBe('off');
    expect(annotationOf(service, 'healthcheck-protocol')).toBe('http');
    expect(annotationOf(service, 'healthcheck-port')).toBe('9464');
    expect(annotationOf(service, 'healthcheck-path')).toBe('/readyz');
  });

  it('annotations of the Service can be replaced', () => {
    const name = 'service.beta.kubernetes.io/aws-load-balancer-healthcheck-interval';
    const service = only(render({ service: { annotations: { [name]: '5' } } }), 'Service') as Service;
    expect(annotationOf(service, 'healthcheck-interval')).toBe('5');
    expect(annotationOf(service, 'scheme')).toBe('internal');
  });

  it('the network policy admits the load balancer and Prometheus, and allows DNS and the HSM', () => {
    const tcp = (port: number) => ({ protocol: 'TCP', port });
    const namespace = (name: string) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } });
    expect(only(example, 'NetworkPolicy')).toMatchObject({
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

  it.each([
    ['copy', { mountPath: '/opt/hsm', readOnly: true }, { emptyDir: {} }],
    [
      'imageVolume',
      { mountPath: '/opt/hsm', readOnly: true, subPath: 'opt/hsm' },
      { image: { reference: 'registry.example.com/hsm-client:1.0', pullPolicy: 'IfNotPresent' } },
    ],
    ['volume', { mountPath: '/opt/hsm', readOnly: true }, { configMap: { name: 'hsm' } }],
  ])('the library is mounted with the source %s', (source, mount, expected) => {
    const manifests = podOf(render({ library: { source, volume: { configMap: { name: 'hsm' } } } }));
    expect(manifests.volume('library')).toEqual({ name: 'library', ...expected });
    expect(manifests.container).toMatchObject({
      volumeMounts: expect.arrayContaining([{ name: 'library', ...mount }]) as unknown,
    });
    expect('initContainers' in manifests.spec).toBe(source === 'copy');
  });

  it('the init container copies the library to the place where the proxy expects it', () => {
    expect(pod).toMatchObject({
      initContainers: [
        {
          image: 'registry.example.com/hsm-client:1.0',
          command: ['cp', '-R', '/opt/hsm/.', '/copy/'],
          volumeMounts: [{ name: 'library', mountPath: '/copy' }],
        },
      ],
    });
  });

  it('a library in the image needs no volume', () => {
    const { volume, spec } = podOf(render({ library: { source: 'inImage' } }));
    expect(volume('library')).toBeUndefined();
    expect(spec).not.toHaveProperty('initContainers');
  });

  it('Prometheus scrapes every pod, even if it is not ready, and the alerts name the job', () => {
    const values = { serviceMonitor: { enabled: true }, prometheusRule: { enabled: true } };
    const manifests = render(values, 'payments');
    const services = manifests.filter(({ kind }) => kind === 'Service') as Service[];
    const [monitoring] = services.filter(({ metadata }) => metadata.name === 'payments-xks-proxy-monitoring');
    const labels = { 'app.kubernetes.io/instance': 'payments', 'app.kubernetes.io/component': 'monitoring' };
    expect(monitoring).toMatchObject({
      metadata: { labels },
      spec: { clusterIP: 'None', publishNotReadyAddresses: true, ports: [{ name: 'monitoring', port: 9464 }] },
    });
    expect(only(manifests, 'ServiceMonitor')).toMatchObject({
      spec: {
        jobLabel: 'app.kubernetes.io/instance',
        selector: { matchLabels: labels },
        endpoints: [{ port: 'monitoring' }],
      },
    });
    const rules = JSON.stringify(only(manifests, 'PrometheusRule'));
    expect(rules).not.toContain('job=\\"xks-proxy\\"');
    expect(rules).toContain('absent(xks_proxy_build_info{job=\\"payments\\"})');
    expect(rules).toContain('up{job=\\"payments\\"} == 0');
  });

  it('the PrometheusRule has all alert rules, with the prefix of runbookUrl', () => {
    const given = readFileSync(join(CHART, 'files/xks-proxy.rules.yml'), 'utf8');
    const withRules = { prometheusRule: { enabled: true, runbookUrl: 'https://git.example.com/' } };
    expect(only(render(withRules), 'PrometheusRule')).toMatchObject({
      spec: parse(given.replaceAll('runbook_url: ', 'runbook_url: https://git.example.com/')) as object,
    });
  });

  it('two releases have no object in common', () => {
    const namesOf = (release: string) =>
      render({ serviceMonitor: { enabled: true }, prometheusRule: { enabled: true } }, release).map(
        (manifest) => `${manifest.kind} ${(manifest as Service).metadata.name}`,
      );
    const others = namesOf('b');
    expect(namesOf('a').filter((name) => others.includes(name))).toEqual([]);
  });

  it('the longest name of a release still gives valid names for all objects', () => {
    const manifests = render({ serviceMonitor: { enabled: true } }, `a${'1'.repeat(42)}.xks-proxy`) as Service[];
    for (const { metadata, kind } of manifests)
      if (kind !== 'StorageClass') expect(metadata.name).toMatch(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
  });
});
