import { afterAll, beforeAll, expect, it } from 'vitest';
import { FaultyProxy } from '../support/faultyProxy.ts';

const ISOLATIONS = ['none', 'thread'] as const;

let proxy: FaultyProxy;

beforeAll(async () => {
  proxy = await FaultyProxy.start(...ISOLATIONS.map((isolation) => [{ isolation }]));
});

afterAll(() => proxy.dispose());

it.each(ISOLATIONS)(
  'a module that kills the process in a %s call breaks the connection, and a restart serves',
  async (isolation) => {
    const store = ISOLATIONS.indexOf(isolation);
    expect(await proxy.outcomes(2, store)).toEqual(Array(4).fill('ok'));
    const lift = proxy.module(store).inject({ on: 'C_Encrypt', does: 'abort' });
    const broken = { code: 'ECONNRESET' };
    await expect(proxy.ask(proxy.key.encryptProbe(), store)).rejects.toMatchObject(broken);
    expect(await proxy.running.exitCode).toBeNull();

    lift();
    await proxy.restart();
    for (const each of ISOLATIONS.keys()) expect(await proxy.outcomes(2, each)).toEqual(Array(4).fill('ok'));
  },
);
