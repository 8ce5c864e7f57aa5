import type { MessagePort } from 'node:worker_threads';
import { Peer } from '../../../messaging/peer.ts';
import { threadChannel } from '../../../messaging/threadChannel.ts';
import { Secret } from '../../../secret.ts';
import type { KeyManager } from '../../keyManager.ts';
import { closed } from '../../keyManagerFailures.ts';
import { ModuleRegistry } from '../module/moduleRegistry.ts';
import type { Pkcs11Logger } from '../serving/lossLog.ts';
import { openServingKeyManager, type Pkcs11Dependencies } from '../serving/openServingKeyManager.ts';
import { RefusedPins } from '../token/refusedPins.ts';
import { machineMs } from './machineMs.ts';
import { ownBytes } from './ownBytes.ts';
import type { MainCalls, Operation, ThreadCalls, ThreadData } from './threadCalls.ts';
import { WIRE_ERRORS } from './wireError.ts';

type Method = (this: KeyManager, ...args: readonly unknown[]) => Promise<unknown>;

/** Runs in a module thread: answers the calls of the main thread with the key managers of a module. */
export function serveModule(port: MessagePort, { clockOrigin, refusedPins, reclaim }: ThreadData): void {
  const keyManagers = new Map<string, KeyManager>();
  const find = (id: string): KeyManager => {
    const keyManager = keyManagers.get(id);
    if (!keyManager) throw closed();
    return keyManager;
  };
  const offer: ThreadCalls = {
    open: async ({ id, pin, ...options }) => {
      keyManagers.set(id, await openServingKeyManager({ ...options, pin: new Secret(pin) }, dependencies));
    },
    operate: async ({ id, name, args, deadline }: Operation) => {
      const keyManager = find(id);
      return ownBytes(await (keyManager[name] as Method).call(keyManager, ...args, deadline));
    },
    close: async (id) => {
      const keyManager = find(id);
      keyManagers.delete(id);
      await keyManager.close();
    },
    end: () => {
      port.close();
    },
  };
  const main = new Peer<MainCalls>(threadChannel(port), { name: 'the main thread', offer, errors: WIRE_ERRORS });
  const log = (level: keyof Pkcs11Logger) => (fields: object, message: string) => {
    main.tell('log', { level, fields, message });
  };
  const known = new RefusedPins(refusedPins, (refused) => {
    main.tell('pinRefused', refused);
  });
  const dependencies: Pkcs11Dependencies = {
    modules: new ModuleRegistry({ refusedPins: known, reclaim }),
    logger: { info: log('info'), warn: log('warn'), error: log('error') },
    clock: () => machineMs() - clockOrigin,
  };
}
