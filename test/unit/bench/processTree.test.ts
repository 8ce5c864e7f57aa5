import { expect, it } from 'vitest';
import { processFigures, treeFigures } from '../../../bench/processTree.ts';
import { startTestProgram } from '../../support/startTestProgram.ts';

it.runIf(process.platform === 'linux')('adds up a process and its descendants', async () => {
  const sleeper = "setTimeout(() => 0, 120_000); console.log('ready')";
  const parent = `require('child_process').spawn(process.execPath, ['-e', \`${sleeper}\`], { stdio: 'inherit' })`;
  const program = startTestProgram([process.execPath, '-e', parent]);
  program.stderr.resume();
  await new Promise((resolve) => program.stdout.once('data', resolve));
  const [alone, tree] = [processFigures(program.pid ?? NaN), treeFigures(program.pid)];
  program.kill();
  await program.ended;
  expect(alone.pss).toBeGreaterThan(1);
  expect(tree.pss).toBeGreaterThan(alone.pss + 1);
  expect(tree.fileDescriptors).toBeGreaterThan(alone.fileDescriptors);
  expect(tree.cpuMs).toBeGreaterThanOrEqual(alone.cpuMs);
});

it('knows nothing about a process that has ended', () => {
  expect(treeFigures(2 ** 30).pss).toBeNaN();
  expect(treeFigures(undefined).cpuMs).toBeNaN();
});
