import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { env as ownEnvironment } from 'node:process';
import type { Sealed } from '../hsm/keyManager.ts';
import { lineChannel } from '../messaging/lineChannel.ts';
import { CallLate, ChannelEnd, Peer, type ResultOf } from '../messaging/peer.ts';
import type { Secret } from '../secret.ts';
import type { ClusterCalls, ClusterKey, ClusterUser, Role } from './clusterCalls.ts';
import { CLUSTER_FAILURES, ClusterFailure } from './clusterFailure.ts';
import { socketPathOf, type Environment } from './socketFolder.ts';

export interface Credentials {
  readonly username: string;
  readonly role: Role;
  readonly password: Secret;
}

/** A key, identified by its CKA_ID in lower-case hexadecimal. */
export interface KeyChoice {
  readonly id: string;
}

// Longer than a busy machine takes. The limit is for a process that is suspended (SIGSTOP) and so does not answer.
const ANSWER_MS = 30_000;
// The list of all keys is one line.
const MAX_LINE_BYTES = 64 * 1_048_576;

/** A connection to a cluster. A login belongs to its connection. Every call rejects with ClusterFailure if it fails. */
export class ClusterConnection {
  /** Resolves when the connection has been closed or the process of the cluster has ended. */
  readonly ended: Promise<void>;
  readonly #socket: Socket;
  readonly #peer: Peer<ClusterCalls>;

  private constructor(socket: Socket, clusterId: string) {
    this.#socket = socket;
    const channel = lineChannel(socket, { maxBytes: MAX_LINE_BYTES, onRefused: () => socket.destroy() });
    this.#peer = new Peer<ClusterCalls>(channel, { name: clusterId, errors: CLUSTER_FAILURES });
    this.ended = new Promise((resolve) => {
      socket.once('close', () => {
        this.#peer.end();
        resolve();
      });
    });
  }

  /** Rejects with ClusterFailure, whose reason is `unreachable` if the cluster does not run. */
  static async open(clusterId: string, env: Environment = ownEnvironment): Promise<ClusterConnection> {
    const socket = connect(socketPathOf(clusterId, env));
    try {
      await once(socket, 'connect');
    } catch (error) {
      const { code = 'unknown error' } = error as NodeJS.ErrnoException;
      throw new ClusterFailure('unreachable', `${clusterId} does not run, or cannot be reached (${code}).`);
    }
    socket.on('error', () => undefined);
    return new ClusterConnection(socket, clusterId);
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Sets the first password of `admin`. */
  activate(password: Secret): Promise<void> {
    return this.#call('activate', { password: password.reveal() });
  }

  login(credentials: Credentials): Promise<void> {
    return this.#call('login', reveal(credentials));
  }

  logout(): Promise<void> {
    return this.#call('logout');
  }

  /** Needs no login. */
  listUsers(): Promise<readonly ClusterUser[]> {
    return this.#call('listUsers');
  }

  createUser(credentials: Credentials): Promise<void> {
    return this.#call('createUser', reveal(credentials));
  }

  /** Changes the user's own password, or as `admin` that of another user, which also unlocks that user. */
  changePassword(credentials: Credentials): Promise<void> {
    return this.#call('changePassword', reveal(credentials));
  }

  /** Creates an AES-256 key that never leaves the token. Its CKA_ID is random if none is given. */
  generateKey(label: string, id?: string): Promise<KeyChoice> {
    return this.#call('generateKey', { label, id });
  }

  async generateRandom(length: number): Promise<Buffer> {
    return fromBase64((await this.#call('generateRandom', { length })).bytes);
  }

  listKeys(): Promise<readonly ClusterKey[]> {
    return this.#call('listKeys');
  }

  deleteKey({ id }: KeyChoice): Promise<void> {
    return this.#call('deleteKey', { id });
  }

  keyExists({ id }: KeyChoice): Promise<boolean> {
    return this.#call('keyExists', { id });
  }

  /** Encrypts with AES-GCM, an IV of 12 bytes and a tag of 16. */
  async encrypt({ id }: KeyChoice, plaintext: Uint8Array, aad: Uint8Array): Promise<Sealed> {
    const sealed = await this.#call('encrypt', { id, plaintext: toBase64(plaintext), aad: toBase64(aad) });
    return { ciphertext: fromBase64(sealed.ciphertext), iv: fromBase64(sealed.iv), tag: fromBase64(sealed.tag) };
  }

  async decrypt({ id }: KeyChoice, { ciphertext, iv, tag }: Sealed, aad: Uint8Array): Promise<Buffer> {
    const wire = { ciphertext: toBase64(ciphertext), iv: toBase64(iv), tag: toBase64(tag), aad: toBase64(aad) };
    const { plaintext } = await this.#call('decrypt', { id, ...wire });
    return fromBase64(plaintext);
  }

  async #call<Name extends keyof ClusterCalls>(
    name: Name,
    ...[argument]: Parameters<ClusterCalls[Name]>
  ): Promise<ResultOf<ClusterCalls[Name]>> {
    try {
      return await this.#peer.call(name, argument as never, { timeoutMs: ANSWER_MS });
    } catch (error) {
      if (!(error instanceof ChannelEnd) && !(error instanceof CallLate)) throw error;
      throw new ClusterFailure('unreachable', `${error.message}.`);
    }
  }
}

function reveal({ username, role, password }: Credentials) {
  return { username, role, password: password.reveal() };
}

function fromBase64(text: string): Buffer {
  return Buffer.from(text, 'base64');
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
