import { ConfigError, formatProblem } from '../config/problems/problem.ts';
import { failure, ok, warning, type DoctorContext } from './context.ts';
import type { Finding } from '../finding.ts';

/** Checks whether the configuration loads, with all files that it names and their modes. */
export function* checkConfiguration({ file, loaded }: DoctorContext): Generator<Finding> {
  if (loaded instanceof ConfigError) {
    for (const problem of loaded.problems) yield failure('configuration', formatProblem(problem), `correct ${file}`);
    yield warning(
      'configuration',
      'the checks that need a configuration were skipped',
      'correct the configuration, and run doctor again',
    );
    return;
  }
  const files = Object.values(loaded.snapshot).filter((read) => read !== null).length;
  yield ok('configuration', `${file} loads, with ${files === 1 ? 'no other file' : `${files - 1} other files`}`);
  for (const message of loaded.warnings) yield warning('configuration', message, `see ${file}`);
}
