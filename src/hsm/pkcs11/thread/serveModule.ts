import type { MessagePort } from 'node:worker_threads';
import { Secret } from '../../../secret.ts';
import type { KeyManager } from '../../keyManager.ts';
import { closed } from '../../keyManagerFailures.ts';
import type { Pkcs11Logger } from '../serving/lossLog.ts';
import { openServingKeyManager, type Pkcs11Dependencies } from '../serving/openServingKeyManager.ts';
import { ModuleRegistry } from '../module/moduleRegistry.ts';
import { RefusedPins } from '../token/refusedPins.ts';
import { copySealed } from './copySealed.ts';
import { machineMs } from './machineMs.ts';
import { END, type Message, type Request, type ThreadData } from './messages.ts';
import { toWireError } from './wireError.ts';

/** Answers the requests of the main thread with the key managers of a module: what runs in a module thread. */
export function serveModule(port: MessagePort, { clockOrigin, refusedPins, reclaim }: ThreadData): void {
  const post = (message: Message) => {
    port.postMessage(message);
  };
  const log = (level: keyof Pkcs11Logger) => (fields: object, message: string) => {
    post({ type: 'log', level, fields, message });
  };
  const known = new RefusedPins(refusedPins, (refused) => {
    post({ type: 'refused', refused });
  });
  const dependencies: Pkcs11Dependencies = {
    modules: new ModuleRegistry({ refusedPins: known, reclaim }),
    logger: { info: log('info'), warn: log('warn'), error: log('error') },
    clock: () => machineMs() - clockOrigin,
  };
  const keyManagers = new Map<string, KeyManager>();
  port.on('message', (request: Request | typeof END) => {
    if (request === END) {
      port.close();
      return;
    }
    const { id } = request;
    perform(request, keyManagers, dependencies).then(
      (result) => {
        post({ type: 'result', id, result });
      },
      (error: unknown) => {
        post({ type: 'error', id, error: toWireError(error) });
      },
    );
  });
}

async function perform(
  request: Request,
  keyManagers: Map<string, KeyManager>,
  dependencies: Pkcs11Dependencies,
): Promise<unknown> {
  if (request.method === 'open') {
    const [options] = request.args;
    const pin = new Secret(options.pin);
    keyManagers.set(request.keyManager, await openServingKeyManager({ ...options, pin }, dependencies));
    return undefined;
  }
  const keyManager = keyManagers.get(request.keyManager);
  if (!keyManager) throw closed();
  switch (request.method) {
    case 'close':
      keyManagers.delete(request.keyManager);
      return keyManager.close();
    case 'describe':
      return keyManager.describe();
    case 'describeKey':
      return keyManager.describeKey(...request.args, request.deadline);
    case 'encrypt':
      return copySealed(await keyManager.encrypt(...request.args, request.deadline));
    case 'encryptWithCdiv': {
      const { ciphertextDataIntegrityValue, ...sealed } = await keyManager.encryptWithCdiv(
        ...request.args,
        request.deadline,
      );
      return { ...copySealed(sealed), ciphertextDataIntegrityValue };
    }
    case 'checkHealth':
      return keyManager.checkHealth(request.deadline);
    case 'decrypt':
      return new Uint8Array(await keyManager.decrypt(...request.args, request.deadline));
  }
}
