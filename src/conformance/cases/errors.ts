import { XKS_ERROR_STATUS } from '../../xks/errors.ts';
import { wrongError } from '../causes.ts';
import { Unmet, type Cause, type ConformanceCase, type Level, type Section } from '../conformanceCase.ts';
import { describeAnswer } from '../describeExchange.ts';
import { errorNameOf } from '../errorNameOf.ts';
import type { Probe } from '../probe.ts';
import type { Answer } from '../../xksClient/sendRequest.ts';
import { unsigned } from '../unsigned.ts';

/** Makes a case that checks a rule for every error answer of the run so far. An answer with 405 needs no body. */
function everyError(
  id: string,
  level: Level,
  title: string,
  expected: string,
  holds: (answer: Answer) => boolean,
  causeOf?: (answer: Answer) => Cause,
): ConformanceCase {
  return {
    id,
    level,
    title,
    expected,
    async run(probe) {
      await provokeErrors(probe);
      const errors = probe.refusals.filter(({ status }) => status !== 405);
      if (errors.length === 0) throw new Unmet('no error answer, even to invalid requests');
      const broken = errors.filter((answer) => !holds(answer));
      const [first] = broken;
      const example = first ? describeAnswer(first) : '';
      const cause = first && causeOf?.(first);
      if (first)
        throw new Unmet(
          `${broken.length} of ${errors.length} error answers break this rule, for example ${example}`,
          cause,
        );
      probe.note(`all ${errors.length} error answers of this run`, 'as expected');
    },
  };
}

export const errors: Section = {
  name: 'errors',
  title: 'All error answers of the run',
  source: 'Specification, "Error codes"',
  cases: [
    everyError(
      'error-names',
      'MUST',
      'Sends each error with a JSON body and an errorName that belongs to its status',
      'an errorName of the specification, with the status that belongs to it',
      (answer) => {
        const name = errorNameOf(answer);
        return name !== undefined && XKS_ERROR_STATUS[name] === answer.status;
      },
      (answer) => wrongError(answer, []),
    ),
    everyError(
      'error-messages',
      'MUST',
      'Sends a short and printable errorMessage, or none',
      'no errorMessage, or one of less than 512 characters from 0x20 to 0x7e',
      ({ json }) => {
        const message = (json as { errorMessage?: unknown } | null | undefined)?.errorMessage;
        return message === undefined || (typeof message === 'string' && /^[\x20-\x7e]{0,511}$/.test(message));
      },
    ),
    everyError(
      'no-internal-errors',
      'SHOULD',
      'Never answers an invalid request with InternalException, which KMS would count as a fault of the proxy and retry',
      'no status 500',
      ({ status }) => status !== 500,
    ),
  ],
};

// Provokes errors of several statuses, in case no other cases have run.
async function provokeErrors({ store }: Probe): Promise<void> {
  await store.call('metadata', { requestMetadata: undefined });
  await store.call('metadata', {}, { signing: { edit: unsigned } });
  await store.call('metadata', {}, { keyId: 'conformance-unknown-key' });
  await store.call('decrypt');
}
