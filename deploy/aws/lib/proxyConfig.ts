import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

/** The part of the proxy's configuration that the deployment uses. */
export interface ProxyConfig {
  readonly port: number;
  readonly monitoringPort: number;
  readonly fleetSize: number;
  readonly drainSeconds: number;
  /** Whether tasks need a folder for an audit log. */
  readonly hasAuditLog: boolean;
  /** File names of the TLS certificate and key, in the folder of the configuration. */
  readonly certificateFile: string;
  readonly privateKeyFile: string;
  /** Environment variables that hold secrets. */
  readonly secretNames: readonly string[];
  /** The configuration as `config.yaml`, and the public files that it names. Maps name to text. */
  readonly files: Readonly<Record<string, string>>;
}

// ECS Developer Guide, service-quotas.html: a task definition has at most 64 KB. The remainder is for everything except
// the files.
const MAX_FILES_BYTES = 48 * 1024;
// ECS API, ContainerDefinition, stopTimeout: at most 120 seconds on Fargate. Ten of them remain for the exit.
const MAX_DRAIN_SECONDS = 110;

// Task metadata endpoint version 4, ECS Developer Guide, task-metadata-endpoint-v4-fargate.html: Fargate sets this
// variable, which contains the id of the task. A host name is not unique, because it contains an IP address, which a
// later task may get again.
const TASK_VARIABLE = 'ECS_CONTAINER_METADATA_URI_V4';

const ITS_ORIGIN = `must be { env: ${TASK_VARIABLE} }, because each task has its own log, whose name must be unique`;

/** The folder of the audit log in a task, on the task's volume. */
export const AUDIT_FOLDER = '/var/lib/xks-proxy/audit';

const fileName = z.string().regex(/^\w[\w.-]*$/, 'must be the name of a file beside the configuration');

/**
 * Requires the values that this deployment relies on, without defaults. `xks-proxy config check` validates the whole
 * configuration.
 */
const schema = z.object({
  server: z.object({
    port: z.int().min(1024, 'must be above 1023: the proxy is not root').max(65535),
    tls: z.object({ certificateFile: fileName, privateKeyFile: fileName }),
    proxyProtocol: z.object({
      enabled: z.literal(true, 'must be true: the load balancer sends PROXY protocol headers'),
    }),
    // KMS Developer Guide, vpc-connectivity.html, step 2: at least two hosts.
    fleetSize: z.int().min(2, 'must be at least 2, a task in each Availability Zone'),
    drainSeconds: z.int().min(1).max(MAX_DRAIN_SECONDS),
  }),
  monitoring: z.object({
    host: z.literal('0.0.0.0', 'must be 0.0.0.0: the load balancer checks from outside'),
    port: z.int().min(1024).max(65535),
  }),
  audit: z
    .object({
      directory: z.literal(AUDIT_FOLDER, `must be ${AUDIT_FOLDER}, where each task has a volume`),
      origin: z.object({ env: z.literal(TASK_VARIABLE, ITS_ORIGIN) }, ITS_ORIGIN),
    })
    .optional(),
});

/** Reads a configuration. Throws an Error that names every setting that cannot work in this deployment. */
export function readProxyConfig(file: string): ProxyConfig {
  const text = readFileSync(file, 'utf8');
  const written: unknown = parse(text);
  const result = schema.safeParse(written);
  if (!result.success) throw new Error(`${file} does not fit this deployment:\n${z.prettifyError(result.error)}`);
  const { server, monitoring, audit } = result.data;

  const strings = stringsOf(written);
  const secretFile = strings.find(({ key }) => key === 'file');
  if (secretFile)
    throw new Error(
      `${file} names the file ${secretFile.value} for a secret, but tasks have no files with secrets: use {env: NAME}`,
    );
  const tlsFiles = [server.tls.certificateFile, server.tls.privateKeyFile];
  const publicFiles = strings.filter(({ key, value }) => key.endsWith('File') && !tlsFiles.includes(value));

  const variables = strings.filter(({ key }) => key === 'env').map(({ value }) => value);
  const files = { 'config.yaml': text, ...readFiles(dirname(file), publicFiles) };
  const bytes = Object.values(files).reduce((sum, content) => sum + Buffer.byteLength(content), 0);
  if (bytes > MAX_FILES_BYTES)
    throw new Error(
      `${file} and the files that it names have ${bytes} bytes, but the maximum is ${MAX_FILES_BYTES}. Put the longest file into the image, and name it by its absolute path.`,
    );

  return {
    port: server.port,
    monitoringPort: monitoring.port,
    fleetSize: server.fleetSize,
    drainSeconds: server.drainSeconds,
    hasAuditLog: audit !== undefined,
    ...server.tls,
    secretNames: [...new Set(variables.filter((name) => name !== TASK_VARIABLE))],
    files,
  };
}

/**
 * Reads public files, such as the certificates of clientAuth, from the configuration's folder. Leaves out absolute
 * names, which are files of the image.
 */
function readFiles(folder: string, references: readonly Entry[]): Record<string, string> {
  const relative = references.filter(({ value }) => !value.startsWith('/'));
  return Object.fromEntries(
    relative.map(({ key, value }) => {
      if (value !== basename(value)) throw new Error(`${key}: ${value} must be beside the configuration, or absolute`);
      return [value, readFileSync(join(folder, value), 'utf8')];
    }),
  );
}

interface Entry {
  readonly key: string;
  readonly value: string;
}

/** Every text in the configuration at any depth, with its key. */
function stringsOf(value: unknown): Entry[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]: [string, unknown]) =>
    typeof child === 'string' ? [{ key, value: child }] : stringsOf(child),
  );
}
