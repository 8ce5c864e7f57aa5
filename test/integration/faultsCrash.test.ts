import { afterAll, beforeAll, expect, it } from 'vitest';
import { FaultyProxy } from '../support/faultyProxy.ts';

const CALLS = ['blocking', 'threadpool'] as const;

let proxy: FaultyProxy;

beforeAll(async () => {
  proxy = await FaultyProxy.start(...CALLS.map((calls) => [{ calls }]));
});

afterAll(() => proxy.dispose());

it.each(CALLS)(
  'a module that kills the process in a %s call breaks the connection, and a restart serves',
  async (calls) => {
    const store = CALLS.indexOf(calls);
    expect(await proxy.outcomes(2, store)).toEqual(Array(4).fill('ok'));
    const lift = proxy.module(store).inject({ on: 'C_Encrypt', does: 'abort' });
    const broken = { code: 'ECONNRESET' };
    await expect(proxy.ask(proxy.key.encryptProbe(), store)).rejects.toMatchObject(broken);
    expect(await proxy.running.exitCode).toBeNull();

    lift();
    await proxy.restart();
    for (const each of CALLS.keys()) expect(await proxy.outcomes(2, each)).toEqual(Array(4).fill('ok'));
  },
);
