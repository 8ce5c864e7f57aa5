import type { KeyObject, X509Certificate } from 'node:crypto';
import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { readPemBundle } from '../../certificates/readPemBundle.ts';
import { readPrivateKey } from '../../certificates/readPrivateKey.ts';
import { loadPolicySet, type LoadedPolicies, type PolicySet } from '../../policy/policySet.ts';
import { Secret } from '../../secret.ts';
import { atOnce, type Steps } from '../../timing/steps.ts';
import { readFromDisk, type ConfigFile, type ReadConfigFile } from './configFiles.ts';
import type { Remark } from '../problems/problem.ts';
import { parseSecret, type SecretForm } from './secretText.ts';

/** `{file}` or `{env}`. */
export type SecretReference =
  | { readonly file: string; readonly env?: never }
  | { readonly env: string; readonly file?: never };

const MODES =
  'with uid and mode 0400 of the secret (Docker Swarm, Podman), the mode of its file on the host (Docker Compose), or defaultMode 0400 (Kubernetes)';

/**
 * Reads the files and variables that a configuration refers to. Its methods throw Errors whose messages are problems to report.
 */
export class ConfigSource {
  /** Settings that are allowed, but probably not intended. */
  readonly warnings: Remark[] = [];
  readonly #folder: string;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #readFile: ReadConfigFile;
  /** Loaders by file, because key stores may share a file. Each returns the policies, or throws their problems. */
  readonly #policies = new Map<string, () => LoadedPolicies>();

  /**
   * `folder` is the folder of the configuration file, to which file names are relative. `policySets` were loaded and checked
   * earlier, and are not read again.
   */
  constructor(
    folder: string,
    env: Readonly<Record<string, string | undefined>>,
    readFile = readFromDisk,
    policySets: readonly PolicySet[] = [],
  ) {
    this.#folder = folder;
    this.#env = env;
    this.#readFile = readFile;
    const remarks = { warnings: [], named: [], tags: [] };
    for (const policySet of policySets) this.#policies.set(policySet.file, () => ({ policySet, remarks }));
  }

  /**
   * Reads a secret, without line ends at its end. Refuses a file that everyone may read, unless its mode cannot be changed
   * here. A container's secret is open only to that container, and the alternative, {env}, can be read by more processes.
   */
  readSecret(reference: SecretReference, form: SecretForm): Secret {
    const text =
      reference.env === undefined ? this.#readSecretFile(reference.file) : this.#readSecretVariable(reference.env);
    return new Secret(parseSecret(text, form));
  }

  readVariable(name: string): string {
    const value = this.#env[name];
    if (value === undefined) throw new Error(`names the environment variable ${name}, which is not set`);
    return value;
  }

  /** Returns the absolute path of the audit log's directory, which may not exist yet. */
  resolveAuditDirectory(directory: string): string {
    const path = this.#path(directory);
    let there = path;
    while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
    if (!statSync(there).isDirectory()) throw new Error(`names ${path}, but ${there} is not a directory`);
    try {
      accessSync(there, constants.W_OK | constants.X_OK);
    } catch (error) {
      // A command may run as another user than the proxy.
      const { code = 'unknown error' } = error as NodeJS.ErrnoException;
      const message = `this user cannot write to ${there} (${code})`;
      this.warnings.push({ keys: ['audit', 'directory'], message });
    }
    return path;
  }

  readCertificates(file: string): readonly X509Certificate[] {
    const { text } = this.#read(file);
    return inFile(file, () => readPemBundle(text));
  }

  readPrivateKey(file: string): KeyObject {
    this.#requireThere(file);
    const { text, mode, isFixed } = this.#read(file);
    if (isFixed || isOpenToAll(mode)) {
      const message = isFixed
        ? `everyone may read it, and its mode cannot be changed here: change it at its source, ${MODES}`
        : `everyone may read or write it; run: chmod o-rwx '${this.#path(file)}'`;
      this.warnings.push({ keys: ['server', 'tls', 'privateKeyFile'], message });
    }
    return inFile(file, () => readPrivateKey(text));
  }

  /** Loads a policy file in advance, so that loadPolicies returns at once. Errors are thrown by loadPolicies only. */
  *preparePolicies(file: string): Steps<void> {
    if (this.#policies.has(file)) return;
    try {
      const loaded = yield* loadPolicySet(this.#readText(file).replace(/^\uFEFF/, ''), file);
      this.#policies.set(file, () => loaded);
    } catch (error) {
      this.#policies.set(file, () => {
        throw error;
      });
    }
  }

  /** Returns the policies of a file. Throws PolicySetError if they are not valid. */
  loadPolicies(file: string): LoadedPolicies {
    atOnce(this.preparePolicies(file));
    return (this.#policies.get(file) as () => LoadedPolicies)();
  }

  /** Returns the absolute path of a PKCS#11 module. */
  resolveModule(module: string): string {
    const path = this.#path(module);
    const fault = moduleFault(path);
    if (fault === undefined) return path;
    throw new Error(`names ${path}, which ${fault}`);
  }

  /** Returns the canonical path of a module, the same for all links to it. Returns the given path if the file does not exist. */
  realModule(module: string): string {
    return existsSync(module) ? realpathSync(module) : module;
  }

  #readSecretFile(file: string): string {
    this.#requireThere(file);
    const text = this.#readText(file);
    const { mode, isFixed } = this.#read(file);
    const path = this.#path(file);
    if (isFixed) {
      const message = `everyone may read the secret ${path}, whose mode cannot be changed here: change it at its source, ${MODES}`;
      this.warnings.push({ keys: [], message });
    } else if (isOpenToAll(mode)) {
      throw new Error(`names ${path}, which everyone may read or write; run: chmod o-rwx '${path}'`);
    }
    return text;
  }

  // Never shows the name of the variable, because an operator may have written the secret itself in its place.
  #readSecretVariable(name: string): string {
    const value = this.#env[name];
    if (value !== undefined) return value;
    throw new Error(
      'names an environment variable that is not set; its name is not shown, because it may be the secret',
    );
  }

  // Shows the name of a file that does not exist only if it cannot be the secret, which an operator may have written in its place.
  #requireThere(file: string): void {
    try {
      this.#readFile(this.#path(file));
    } catch (error) {
      if (existsSync(this.#path(file)) || isPath(file)) return;
      const { code = 'unknown error' } = error as NodeJS.ErrnoException;
      const folder = dirname(this.#path(file));
      const place = existsSync(folder) ? ` in ${folder}` : '';
      throw new Error(
        `names a file${place} that cannot be read (${code}); its name is not shown, because it may be the secret`,
        { cause: error },
      );
    }
  }

  /** The text of a file that must be UTF-8. */
  #readText(file: string): string {
    const { text, fault } = this.#read(file);
    if (fault !== undefined) throw new Error(`names ${this.#path(file)}, which ${fault}`);
    return text;
  }

  #read(file: string): ConfigFile {
    try {
      return this.#readFile(this.#path(file));
    } catch (error) {
      const { code = 'unknown error' } = error as NodeJS.ErrnoException;
      // An operator may have written a private key in place of its file.
      const name = /-----|[\r\n]/.test(file) ? 'a text that is not the name of a file' : this.#path(file);
      throw new Error(`names ${name}, which cannot be read (${code})`, { cause: error });
    }
  }

  #path(file: string): string {
    return resolve(this.#folder, file);
  }
}

/** Runs `read`, and puts the name of the file before the message of its error. */
function inFile<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new Error(`${file}: ${(cause as Error).message}`, { cause });
  }
}

/** Whether a text begins with a folder of this machine, such as /run/, which no secret does. */
function isPath(text: string): boolean {
  const [top] = /^\/[^/]+(?=\/.)/.exec(text) ?? [];
  return top !== undefined && existsSync(top);
}

function isOpenToAll(mode: number): boolean {
  return (mode & 0o006) !== 0;
}

/** Returns why a PKCS#11 module cannot be loaded, as far as its file shows. */
function moduleFault(path: string): string | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found) return 'does not exist; install the library of the HSM (SoftHSM: apt-get install softhsm2)';
    if (!found.isFile()) return 'is not a file; name the library of the HSM itself';
    accessSync(path, constants.R_OK);
    return undefined;
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    return `cannot be read (${code})`;
  }
}
