import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KeyManager } from '../../../src/hsm/keyManager.ts';
import { Pkcs11Failure } from '../../../src/hsm/pkcs11/pkcs11Failure.ts';
import { ReconnectingKeyManager } from '../../../src/hsm/pkcs11/reconnectingKeyManager.ts';
import { InMemoryKeyManager } from '../../support/inMemoryKeyManager.ts';

const down = new Pkcs11Failure('There is no token.');
const notOpen = {
  errorName: 'InternalException',
  message: 'The key manager cannot be used at present.',
  detail: 'There is no token.',
};

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** The outcome of an opening after some milliseconds: a failure, or a key manager. */
function setUp() {
  const inner = new InMemoryKeyManager().addKey('key');
  const open = vi.fn<(whenGone: () => void) => Promise<KeyManager>>(() => Promise.reject(down));
  const onOpen = vi.fn(() => Promise.resolve());
  const error = vi.fn();
  const keyManager = new ReconnectingKeyManager({
    name: 'hsm',
    timeoutMs: 200,
    open,
    onOpen,
    logger: { info: () => undefined, warn: () => undefined, error },
    clock: () => performance.now(),
  });
  const start = async () => {
    await keyManager.open();
    keyManager.openLater();
  };
  return { inner, open, onOpen, error, keyManager, start };
}

function after(milliseconds: number, outcome: () => Promise<KeyManager>): () => Promise<KeyManager> {
  return () => new Promise((resolve) => setTimeout(resolve, milliseconds)).then(outcome);
}

describe('a key manager that does not open', () => {
  it('serves nothing, says why, and is reported', async () => {
    const { keyManager, error, start } = setUp();
    await expect(keyManager.describe()).rejects.toMatchObject({ detail: 'it has not been opened yet' });
    await start();
    expect(keyManager.isOpen).toBe(false);
    for (const operation of [
      keyManager.describe(),
      keyManager.describeKey({ label: 'key' }),
      keyManager.encrypt({ label: 'key' }, Buffer.alloc(1), Buffer.alloc(0)),
      keyManager.decrypt(
        { label: 'key' },
        { ciphertext: Buffer.alloc(1), iv: Buffer.alloc(12), tag: Buffer.alloc(16) },
        Buffer.alloc(0),
      ),
    ])
      await expect(operation).rejects.toMatchObject(notOpen);
    expect(error).toHaveBeenCalledExactlyOnceWith(
      { keyManager: 'hsm', detail: 'There is no token.', retryInMs: 1_000 },
      expect.stringContaining('retried in the background'),
    );
  });

  it('is tried again after 1 second, then after twice as long each time, up to 30', async () => {
    const { open, start } = setUp();
    await start();
    for (const pause of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      const before = open.mock.calls.length;
      await vi.advanceTimersByTimeAsync(pause - 1);
      expect(open).toHaveBeenCalledTimes(before);
      await vi.advanceTimersByTimeAsync(1);
      expect(open).toHaveBeenCalledTimes(before + 1);
    }
  });

  it('pauses for at least four times the duration of an attempt', async () => {
    const { open, error, start } = setUp();
    open.mockImplementation(after(20_000, () => Promise.reject(down)));
    const starting = start();
    await vi.advanceTimersByTimeAsync(20_000);
    await starting;
    expect(error).toHaveBeenCalledWith(expect.objectContaining({ retryInMs: 80_000 }), expect.anything());
  });

  it('serves as soon as it opens, and notifies its listener', async () => {
    const { inner, open, onOpen, keyManager, start } = setUp();
    await start();
    open.mockResolvedValue(inner);
    expect(onOpen).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(onOpen).toHaveBeenCalledOnce();
    expect(await keyManager.describeKey({ label: 'key' }, 7)).toMatchObject({ keySpec: 'AES_256' });
    expect(inner.deadlines).toEqual([7]);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(open).toHaveBeenCalledTimes(2);
  });

  it('is not tried again when its PIN was refused', async () => {
    const { open, error, start } = setUp();
    open.mockRejectedValue(new Pkcs11Failure('The PIN was refused.', { pinRefused: true }));
    await start();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(open).toHaveBeenCalledOnce();
    expect(error).toHaveBeenCalledExactlyOnceWith(
      { keyManager: 'hsm', detail: 'The PIN was refused.' },
      expect.stringContaining('not retried'),
    );
  });

  it('exposes nothing from an error of unknown type', async () => {
    const { open, keyManager } = setUp();
    open.mockRejectedValue(new TypeError('secret'));
    const failure = await keyManager.open();
    expect(failure?.message).toMatch(/^Opening it failed: TypeError at /);
    expect(failure?.message).not.toContain('secret');
  });
});

describe('a key manager that is lost', () => {
  it('is opened again, but not in a tight loop', async () => {
    const { inner, open, onOpen, keyManager, start } = setUp();
    const losing: (() => void)[] = [];
    open.mockImplementation((whenGone) => {
      losing.push(whenGone);
      return Promise.resolve(inner);
    });
    await start();
    for (const pause of [1_000, 2_000, 4_000]) {
      losing.at(-1)?.();
      expect(keyManager.isOpen).toBe(false);
      await expect(keyManager.describe()).rejects.toMatchObject({ ...notOpen, detail: expect.any(String) as string });
      await vi.advanceTimersByTimeAsync(pause - 1);
      expect(keyManager.isOpen).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      expect(keyManager.isOpen).toBe(true);
    }
    expect(onOpen).toHaveBeenCalledTimes(4);
    await vi.advanceTimersByTimeAsync(30_000);
    losing.at(-1)?.();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(keyManager.isOpen).toBe(true);
  });

  it('is opened once more after a loss during the notification, and not after close', async () => {
    const { inner, open, onOpen, keyManager, start } = setUp();
    const closed = vi.spyOn(inner, 'close');
    await start();
    const told = Promise.withResolvers<undefined>();
    onOpen.mockImplementationOnce(async () => {
      await told.promise;
    });
    let lose: () => void = () => undefined;
    open.mockImplementation((whenGone) => {
      lose = whenGone;
      return Promise.resolve(inner);
    });
    await vi.advanceTimersByTimeAsync(1_000);
    lose();
    told.resolve(undefined);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(open).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(open).toHaveBeenCalledTimes(3);
    await keyManager.close();
    expect(closed).toHaveBeenCalledOnce();
  });
});

describe('close', () => {
  it('ends the attempts', async () => {
    const { open, keyManager, start } = setUp();
    await start();
    await keyManager.close();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(open).toHaveBeenCalledOnce();
  });

  it('does not wait for an attempt, and closes its key manager when the attempt ends', async () => {
    const { inner, open, onOpen, keyManager, start } = setUp();
    const closed = vi.spyOn(inner, 'close');
    open.mockImplementation(after(20_000, () => Promise.resolve(inner)));
    const starting = start();
    await keyManager.close();
    await vi.advanceTimersByTimeAsync(20_000);
    await starting;
    expect(closed).toHaveBeenCalledOnce();
    expect(onOpen).not.toHaveBeenCalled();
  });
});
