import { describe, expect, it } from 'vitest';
import { CONFIG, hasHelm, helm, NO_AUDIT, ONE_LOG, ONE_POD, showsNotes, WITHOUT_HELM } from '../../support/helm.ts';

const pkcs11 = (change: object) => ({
  keyManagers: [{ name: 'hsm', pkcs11: { ...CONFIG.keyManagers[0].pkcs11, ...change } }],
});
const server = (change: object) => ({ config: { ...CONFIG, server: { ...CONFIG.server, ...change } } });

type Case = readonly [values: object, message: string];

const REFUSED: readonly Case[] = [
  [{ image: { repository: '' } }, 'image.repository is empty.'],
  ...['\u2028', '\u2029'].map((end): Case => [
    { files: { 'a.cedar': `permit;\n// ${end}  config.yaml: other\n` } },
    'files contains a character U+0085,',
  ]),
  [{ podAnnotations: { a: 'b\nc\u2028hostNetwork: true' } }, 'podAnnotations contains a character U+0085,'],
  [{ config: `# \u2028\n${JSON.stringify(CONFIG)}` }, 'config contains a character U+0085,'],
  [{ library: { source: '' } }, 'library.source is empty.'],
  [{ library: { image: { reference: '' } } }, 'library.source is copy, but library.image.reference is empty.'],
  [{ library: { source: 'volume' } }, 'library.source is volume, but library.volume is not exactly one source'],
  [
    { library: { mountPath: '/opt/hs' } },
    'library.mountPath is /opt/hs, but no key manager has its pkcs11.module below it; the modules are /opt/hsm/lib/libpkcs11.so.',
  ],
  [{ config: '' }, 'config is empty.'],
  [{ config: '- a' }, 'config is not a map in YAML'],
  [{ config: '{ server: [] }' }, 'config.server is not a map.'],
  [{ config: 'monitoring:' }, 'config.monitoring is not a map.'],
  [{ config: '{ server: { proxyProtocol: true } }' }, 'config.server.proxyProtocol is not a map.'],
  [{ config: '{ server: {} }' }, 'config.keyManagers is empty.'],
  [{ config: '{ keyManagers: [{}, { pkcs11: no }] }' }, 'config.keyManagers[1].pkcs11 is not a map.'],
  [{ config: '{ keyManagers: [31415926] }' }, 'config.keyManagers is not a list of maps.'],
  [{ config: '{ keyManagers: 1 }' }, 'config.keyManagers is not a list of maps.'],
  [{ config: { ...CONFIG, keyStores: 'a' } }, 'config.keyStores is not a list of maps.'],
  [
    { config: '{ keyStores: [{ credentials: "31415926" }] }' },
    'config.keyStores[0].credentials is not a list of maps.',
  ],
  [server({ insecureHttp: true }), 'config.server.insecureHttp is true'],
  [server({ host: '127.0.0.1' }), 'config.server.host is 127.0.0.1'],
  [{ config: { ...CONFIG, monitoring: {} } }, 'config.monitoring.host is 127.0.0.1'],
  [server({ port: 0 }), 'config.server.port is 0,'],
  [server({ port: null }), 'config.server.port is null,'],
  // It would be another member of the container's port, and of the NetworkPolicy's.
  [server({ port: '8443, hostPort: 22' }), 'config.server.port is "8443, hostPort: 22",'],
  [
    { config: { ...CONFIG, monitoring: { host: '0.0.0.0', port: '9464 }\n- { a: b' } } },
    'config.monitoring.port is "9464 }\\n- { a: b",',
  ],
  [server({ port: 65_536 }), 'config.server.port is 65536,'],
  [server({ proxyProtocol: {} }), 'config.server.proxyProtocol.enabled is not true'],
  [{ secrets: { tls: '', files: [] } }, 'secrets.tls and secrets.files are empty'],
  [{ config: { ...CONFIG, ...pkcs11({ pin: '31415926' }) } }, 'config.keyManagers[0].pkcs11.pin is not {file: NAME}.'],
  [
    { config: { ...CONFIG, ...pkcs11({ pin: { env: 'PIN' } }) } },
    'config.keyManagers[0].pkcs11.pin is not {file: NAME}.',
  ],
  [
    {
      config: { ...CONFIG, keyStores: [{ ...CONFIG.keyStores[0], credentials: [{ secretAccessKey: '31415926' }] }] },
    },
    'config.keyStores[0].credentials[0].secretAccessKey is not {file: NAME}.',
  ],
  [{ files: { 'config.yaml': '' } }, 'files has config.yaml'],
  [
    { config: { ...CONFIG, blockList: { file: 'blocked.json' } } },
    'config.blockList.file is not below /var/lib/xks-proxy',
  ],
  [{ config: { ...CONFIG, blockList: {} } }, 'config.blockList.file is not below /var/lib/xks-proxy'],
  [
    { config: { ...CONFIG, audit: { ...ONE_LOG.config.audit, directory: 'audit' } } },
    'config.audit.directory is not below',
  ],
  [{ config: ONE_LOG.config }, 'config.audit.origin does not contain ${HOSTNAME}'],
  [ONE_LOG, 'audit.existingClaim is for one pod'],
  [{ ...ONE_LOG, replicas: 2, autoscaling: { enabled: false } }, 'audit.existingClaim is for one pod'],
  [{ ...ONE_LOG, ...ONE_POD, config: CONFIG }, 'config.audit.origin contains ${HOSTNAME}'],
  [{ ...ONE_LOG, ...ONE_POD, config: NO_AUDIT }, 'audit.existingClaim is set, but config has no audit section.'],
  [{ autoscaling: { maxReplicas: 1 } }, 'autoscaling.minReplicas is 2, but maxReplicas is only 1.'],
  [{ resources: { requests: { cpu: null } } }, 'autoscaling needs resources.requests.cpu'],
  [
    { podDisruptionBudget: { minAvailable: 2 } },
    'podDisruptionBudget.minAvailable is 2, which requires all 2 replicas',
  ],
  [
    { podDisruptionBudget: { minAvailable: '51%' } },
    'podDisruptionBudget.minAvailable is 51%, which requires all 2 replicas',
  ],
  [{ podDisruptionBudget: { minAvailable: 1 }, ...ONE_POD }, 'Lower it, or raise replicas.'],
  [{ networkPolicy: { clients: [] } }, 'networkPolicy.clients is empty'],
  [{ networkPolicy: { hsm: [] } }, 'networkPolicy.hsm is empty'],
  [
    { networkPolicy: { hsm: [{ cidr: '10.0.0.0/8', port: 2225, endPort: 2223 }] } },
    'endPort 2223 is less than port 2225',
  ],
  // Refused by the schema; its messages differ between versions of Helm.
  [{ replica: 3 }, 'replica'],
  [{ secrets: { pin: 'pin' } }, 'pin'],
  [{ replicas: 'two' }, 'replicas'],
  [{ prometheusRule: { enabled: true, runbookUrl: '"https://git.example.com\u2028/' } }, 'runbookUrl'],
  [{ prometheusRule: { enabled: true, runbookUrl: 'https://git.example.com/{{ .Values }}/' } }, 'runbookUrl'],
];

const NOTES: readonly Case[] = [
  [{}, 'pod-security.kubernetes.io/enforce=restricted elbv2.k8s.aws/pod-readiness-gate-inject=enabled'],
  [{}, 'kubectl -n keys get secrets xks-proxy-tls xks-proxy-secrets\n'],
  [{}, 'must permit 63 sessions, for 6 pods and for one more'],
  [server({ fleetSize: 3 }), 'config.server.fleetSize is 3, but the minimum number of pods is 2.'],
  [server({ workers: 'auto' }), 'config.server.workers is auto'],
  [{ ...server({ workers: 4 }), resources: { limits: { cpu: '3500m' } } }, '4 workers share a limit of 3500m CPU.'],
  [{ audit: { storageClassName: 'gp3' } }, 'only if the StorageClass gp3 has reclaimPolicy Retain'],
];

/** Cases with their message first, in the order for the names of tests. */
function named(cases: readonly Case[]) {
  return cases.map(([values, message]) => [message, values] as const);
}

describe.skipIf(!hasHelm)(`the chart${WITHOUT_HELM}`, () => {
  it.each(named(REFUSED))('refuses: %s', (message, values) => {
    const { status, stderr } = helm(['template', 'xks-proxy'], values);
    expect(status).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('31415926');
  });

  it('reports all problems at once', () => {
    const { stderr } = helm(['template', 'xks-proxy'], { image: { repository: '' }, networkPolicy: { clients: [] } });
    expect(stderr).toMatch(/^- image\.repository.*\n- networkPolicy\.clients/m);
  });

  it('a library as an image volume needs Kubernetes 1.33', () => {
    const values = { library: { source: 'imageVolume' } };
    const { stderr } = helm(['template', 'xks-proxy', '--kube-version', '1.32.0'], values);
    expect(stderr).toContain('library.source is imageVolume, which needs Kubernetes 1.33 or newer. Use copy.');
  });

  it.skipIf(!showsNotes).each(named(NOTES))('its notes say: %s', (note, values) => {
    const { stdout } = helm(['install', 'xks-proxy', '--namespace', 'keys', '--dry-run=client'], values);
    expect(stdout).toContain(note);
  });

  it.skipIf(!showsNotes)('its notes warn about nothing in the examples', () => {
    const { stdout } = helm(['install', 'xks-proxy', '--dry-run=client'], {});
    expect(stdout).toContain('NOTES:');
    expect(stdout).not.toContain('Note:');
  });
});
