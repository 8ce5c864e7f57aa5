import { XKS_ERROR_STATUS, type XksErrorName } from '../xks/errors.ts';
import type { Answer } from '../xksClient/sendRequest.ts';
import type { CaseResult, Cause } from './conformanceCase.ts';
import { errorNameOf } from './errorNameOf.ts';

/** A cause, and the cases that failed because of it. */
export interface Finding extends Cause {
  readonly cases: readonly string[];
  /** True if the specification demands at least one of the cases. */
  readonly must: boolean;
}

type Refusal = Pick<Answer, 'status' | 'json'>;

/** Returns the cause of a valid request that was refused. */
export function refusal(answer: Refusal): Cause {
  return {
    text: `Valid requests are refused with ${answer.status} ${errorNameOf(answer) ?? 'and no known errorName'}`,
    consequence: 'KMS cannot use the key for such requests, and its callers get an error. Answer them with 200.',
    severity: 2,
  };
}

/** Returns the cause of an invalid request that was answered with 200. */
export function acceptance(names: readonly XksErrorName[]): Cause {
  const unsafe = names.some((name) => name !== 'ValidationException' && name !== 'UnsupportedOperationException');
  return {
    text: `Requests that must be refused with ${names.join(' or ')} are served`,
    consequence: unsafe
      ? 'An attacker succeeds with a forged request or a changed ciphertext. Check and refuse such requests.'
      : 'KMS believes that an invalid request has succeeded. Check and refuse such requests.',
    severity: unsafe ? 1 : 2,
  };
}

/** Returns the cause of an error answer that has none of these names, or has the wrong status. */
export function wrongError(answer: Refusal, names: readonly XksErrorName[]): Cause {
  const name = errorNameOf(answer);
  const { status } = answer;
  if (name === undefined) {
    return {
      text: `Errors with status ${status} have no errorName of the specification`,
      consequence:
        'KMS cannot distinguish these errors, and reports an invalid response of the proxy. Add a JSON body with an errorName.',
      severity: 3,
    };
  }
  if (status !== XKS_ERROR_STATUS[name]) {
    return {
      text: `${name} is sent with status ${status} instead of ${XKS_ERROR_STATUS[name]}`,
      consequence: `KMS cannot distinguish ${name} from ${namesOf(status)}, and handles it wrongly. Send it with status ${XKS_ERROR_STATUS[name]}.`,
      severity: 3,
    };
  }
  return {
    text: `${name} is sent instead of ${names.join(' or ')}`,
    consequence:
      name === 'InternalException'
        ? `KMS cannot distinguish ${names.join(' or ')} from a fault of the proxy, and retries.`
        : `KMS cannot distinguish ${names.join(' or ')} from ${name}, and reports the wrong reason to its caller.`,
    severity: name === 'InternalException' ? 3 : 4,
  };
}

/** Returns the cause of an answer that breaks a rule of the specification. `text` describes all answers that break it. */
export function brokenRule(text: string): Cause {
  return {
    text,
    consequence: 'KMS relies on this rule of the specification. Change the answers to follow it.',
    severity: 3,
  };
}

/** Cause of a decrypt that returns a wrong plaintext. */
export const wrongPlaintext: Cause = {
  text: 'Decrypt returns a plaintext that differs from the encrypted one',
  consequence:
    'KMS returns wrong data, or cannot decrypt its own ciphertexts, so data are lost. Do not use this proxy until this is corrected.',
  severity: 1,
};

/** Returns the cause of a request that got no complete answer. */
export function missingAnswer(message: string): Cause {
  return {
    text: `Requests get no answer: ${message}`,
    consequence: 'KMS gives up after 250 ms and retries. Answer every request completely and in time.',
    severity: 2,
  };
}

/** Groups failures by their cause, the worst first. A failure without a cause becomes its own group. */
export function findCauses(results: readonly CaseResult[]): Finding[] {
  const failed = results.filter(({ outcome }) => outcome === 'fail');
  const groups = Map.groupBy(failed, ({ cause, id }) => cause?.text ?? id);
  const findings = [...groups.values()].map((group): Finding => {
    const [first] = group as [CaseResult, ...CaseResult[]];
    const cases = group.map(({ id }) => id);
    return { ...(first.cause ?? ownCause(first)), cases, must: group.some(({ level }) => level === 'MUST') };
  });
  return findings.toSorted(
    (a, b) => Number(b.must) - Number(a.must) || a.severity - b.severity || b.cases.length - a.cases.length,
  );
}

/** Formats the number of cases like `in 56 cases`. */
export function countCases({ cases }: Finding): string {
  return cases.length === 1 ? 'in 1 case' : `in ${cases.length} cases`;
}

function ownCause({ title, got }: CaseResult): Cause {
  return brokenRule(`Broken rule "${title}": ${got}`);
}

function namesOf(status: number): string {
  if (status === 200) return 'a success';
  const names = Object.entries(XKS_ERROR_STATUS).filter(([, its]) => its === status);
  return names.length > 0 ? names.map(([name]) => name).join(' or ') : `an unknown answer with ${status}`;
}
