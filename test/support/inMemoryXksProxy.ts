import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { XksProxyFailure } from '../../src/kms/xksProxy/xksProxyFailure.ts';
import type {
  ExternalCiphertext,
  ExternalKeyMetadata,
  HealthState,
  HealthStatus,
  XksCall,
  XksProxyClient,
} from '../../src/kms/xksProxy/xksProxyClient.ts';

/**
 * A proxy and its keys in memory, with the interface of the client of real proxies. For tests of the code of KMS around
 * that client.
 */
export class InMemoryXksProxy implements XksProxyClient {
  /** Every call that was made, in order. */
  readonly calls: (XksCall & { readonly xksOperation: string; readonly xksKeyId?: string; readonly aad?: Buffer })[] =
    [];
  readonly disconnected: string[] = [];
  readonly keys = new Map<string, ExternalKeyMetadata & { value: Buffer }>();
  healthStatus: HealthState = 'ACTIVE';
  /** An error with which every call rejects, if set. */
  failure: XksProxyFailure | undefined;
  /** Awaited by every call before it answers. */
  pause: Promise<unknown> = Promise.resolve();

  addKey(xksKeyId: string, metadata: Partial<ExternalKeyMetadata> = {}): this {
    const usual = { keySpec: 'AES_256', keyUsage: ['ENCRYPT', 'DECRYPT'], keyStatus: 'ENABLED' };
    this.keys.set(xksKeyId, { ...usual, ...metadata, value: randomBytes(32) });
    return this;
  }

  async getHealthStatus(call: XksCall): Promise<HealthStatus> {
    await this.#receive({ ...call, xksOperation: 'GetHealthStatus' });
    if (this.healthStatus === 'UNAVAILABLE') throw new XksProxyFailure('EkmUnavailable', 'all are UNAVAILABLE');
    return {
      xksProxyFleetSize: 1,
      xksProxyVendor: 'test',
      xksProxyModel: 'test 1',
      ekmVendor: 'test',
      ekmFleetDetails: [{ id: 'ekm-1', model: 'memory', healthStatus: this.healthStatus }],
    };
  }

  async getKeyMetadata(call: XksCall, xksKeyId: string): Promise<ExternalKeyMetadata> {
    await this.#receive({ ...call, xksOperation: 'GetKeyMetadata', xksKeyId });
    const { keySpec, keyUsage, keyStatus } = this.#key(xksKeyId);
    return { keySpec, keyUsage, keyStatus };
  }

  async encrypt(call: XksCall, xksKeyId: string, plaintext: Buffer, aad: Buffer): Promise<ExternalCiphertext> {
    await this.#receive({ ...call, xksOperation: 'Encrypt', xksKeyId, aad });
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key(xksKeyId).value, iv).setAAD(aad);
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    const metadata = Buffer.from('v1');
    return {
      ciphertext,
      initializationVector: iv,
      authenticationTag: cipher.getAuthTag(),
      ciphertextMetadata: metadata,
    };
  }

  async decrypt(call: XksCall, xksKeyId: string, sealed: ExternalCiphertext, aad: Buffer): Promise<Buffer> {
    await this.#receive({ ...call, xksOperation: 'Decrypt', xksKeyId, aad });
    const { ciphertext, initializationVector: iv, authenticationTag, ciphertextMetadata } = sealed;
    const decipher = createDecipheriv('aes-256-gcm', this.#key(xksKeyId).value, iv, { authTagLength: 16 }).setAAD(aad);
    decipher.setAuthTag(authenticationTag);
    try {
      if (ciphertextMetadata.toString() !== 'v1') throw new Error('other metadata');
      return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
    } catch {
      throw new XksProxyFailure('InvalidCiphertextException', 'does not match');
    }
  }

  disconnect(uriEndpoint: string): void {
    this.disconnected.push(uriEndpoint);
  }

  close(): void {
    return;
  }

  async #receive(call: InMemoryXksProxy['calls'][number]): Promise<void> {
    this.calls.push(call);
    await this.pause;
    if (this.failure) throw this.failure;
  }

  #key(xksKeyId: string) {
    const key = this.keys.get(xksKeyId);
    if (!key) throw new XksProxyFailure('KeyNotFoundException', `no key ${xksKeyId}`);
    return key;
  }
}
