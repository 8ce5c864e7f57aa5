import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { allowNoMoreDescriptors } from '../support/descriptorLimit.ts';
import { kill, REFUSED, SupervisedWorkers } from '../support/supervisedWorkers.ts';

async function askTimes(workers: SupervisedWorkers, times: number): Promise<number[]> {
  return Promise.all(Array.from({ length: times }, () => workers.ask()));
}

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

it('connections go to the workers in turn', async () => {
  const workers = await SupervisedWorkers.start(2);
  const answers = [];
  for (let time = 0; time < 4; time += 1) answers.push(await workers.ask());
  expect(new Set(answers)).toEqual(new Set(workers.served));
  expect(answers.slice(2)).toEqual(answers.slice(0, 2));
});

it('if a worker dies before it accepts its connections, another worker gets them', async () => {
  const workers = await SupervisedWorkers.start(2);
  const [dead, alive] = workers.served;
  kill(dead, 'SIGSTOP');
  // Connections go to the workers in turn, so at least one goes to the stopped worker.
  const asked = Array.from({ length: 4 }, () => workers.ask());
  expect(await Promise.race(asked)).toBe(alive);
  kill(dead, 'SIGKILL');
  expect(await Promise.all(asked)).toEqual([alive, alive, alive, alive]);
});

it('while workers are killed, no connection that its worker had not accepted is lost, and none leaks', async () => {
  const workers = await SupervisedWorkers.start(2, { shortLifeMs: 0 });
  const descriptors = openDescriptors();
  let isOver = false;
  let [answered, unanswered] = [0, 0];
  const clients = Array.from({ length: 8 }, async () => {
    while (!isOver) {
      // A worker answers as soon as it has accepted the connection.
      const answer = await workers.ask().catch((error: unknown) => (error as NodeJS.ErrnoException).code);
      if (answer === 'ECONNRESET' || answer === 0) unanswered += 1;
      else if (typeof answer === 'number') answered += 1;
      else throw new Error(`got ${answer}`);
    }
  });
  const kills = 5;
  for (let killed = 0; killed < kills; killed += 1) {
    const enough = answered + 50;
    await Promise.race([expect.poll(() => answered).toBeGreaterThan(enough), ...clients]);
    kill(workers.served.at(-1), 'SIGKILL');
    await workers.untilServed(3 + killed);
  }
  isOver = true;
  await Promise.all(clients);
  // At most one connection of each killed worker, which had just accepted it and not answered yet.
  expect(unanswered).toBeLessThanOrEqual(kills);
  expect(workers.logged(REFUSED)).toEqual([]);
  await expect.poll(openDescriptors).toBeLessThanOrEqual(descriptors);
});

it('if a worker has no free descriptor for a connection, another worker gets it, or it is closed', async () => {
  const workers = await SupervisedWorkers.start(2);
  const [first, second] = workers.served;
  const liftFirst = allowNoMoreDescriptors(first);
  expect(await askTimes(workers, 4)).toEqual([second, second, second, second]);
  const liftSecond = allowNoMoreDescriptors(second);
  // The connection is closed without an answer.
  expect(await workers.ask()).toBe(0);
  expect(workers.logged(REFUSED)).toMatchObject([{ detail: 'no worker takes it' }]);
  liftFirst();
  liftSecond();
  expect(new Set(await askTimes(workers, 4))).toEqual(new Set(workers.served));
});
