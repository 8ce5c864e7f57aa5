import { expect, it } from 'vitest';
import { LISTEN_DURATIONS } from '../../src/server/listenDurations.ts';
import { testCertificates } from '../support/certificates.ts';
import { REQUEST, startServer } from '../support/listeningServer.ts';
import { RawConnection } from '../support/rawConnection.ts';

const ca = testCertificates.ca.certificate;

it('1,000 idle clients and 200 that trickle bytes stop neither new clients nor existing ones', async () => {
  // On a busy machine the clients take long to connect, and must not reach their own time limit.
  const proxy = await startServer({ durations: { ...LISTEN_DURATIONS, handshakeMs: 120_000, requestMs: 120_000 } });
  const secured = () => new RawConnection(proxy.port, { ca });
  const good = secured();
  let sent = 0;
  const ask = async (connection: RawConnection, count: number): Promise<void> => {
    await connection.send(REQUEST);
    const answers = await connection.answered(count);
    expect(answers).toHaveLength(count);
    expect(answers.at(-1)).toMatchObject({ status: 200 });
  };

  const silent: RawConnection[] = [];
  for (let count = 0; count < 850; count += 1) {
    const connection = new RawConnection(proxy.port);
    // Only the first byte of a handshake.
    await connection.send('\x16');
    silent.push(connection);
  }
  const kept: RawConnection[] = [];
  for (let count = 0; count < 150; count += 1) {
    const connection = secured();
    await ask(connection, 1);
    kept.push(connection);
    if (count % 10 === 0) await ask(good, (sent += 1));
  }
  const trickling = Array.from({ length: 200 }, secured);
  for (const connection of trickling) void connection.send('GET / HTTP/1.1\r\nX-Slow: ');
  const trickle = setInterval(() => {
    for (const connection of trickling) void connection.send('w');
  }, 250);

  for (let count = 0; count < 50; count += 1) {
    const newcomer = secured();
    await ask(newcomer, 1);
    newcomer.reset();
    await ask(good, (sent += 1));
    // A client that was closed connects again.
    silent.push(new RawConnection(proxy.port));
  }
  clearInterval(trickle);

  expect(proxy.refusals.filter(({ reason }) => reason === 'too many connections').length).toBeGreaterThan(200);
  // Clients that have sent a request before are not closed in favour of new clients that have not.
  expect(kept.filter(({ isOpen }) => isOpen)).toHaveLength(150);
  for (const connection of [good, ...silent, ...kept, ...trickling]) connection.reset();
});
