import { isUtf8 } from 'node:buffer';
import type { z } from 'zod';
import { XKS_ERROR_STATUS } from '../../xks/errors.ts';
import { errorAnswer } from './answerShapes.ts';
import { printable } from './printable.ts';
import { XksProxyFailure } from './xksProxyFailure.ts';

/** A complete answer as it was received. */
export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

/**
 * Returns the parsed body of a 200 answer. Throws the error that the proxy names, or InvalidResponse if the answer breaks the
 * specification.
 */
export function parseAnswer<Shape extends z.ZodType>(answer: HttpAnswer, shape: Shape): z.output<Shape> {
  const { status } = answer;
  const body = parseJson(answer);
  if (status === 200) return parseShape(status, body, shape);
  const { errorName, errorMessage = '' } = parseShape(status, body, errorAnswer);
  if (status !== XKS_ERROR_STATUS[errorName]) throw invalid(status, `errorName: ${errorName} has another status`);
  throw new XksProxyFailure(errorName, errorMessage === '' ? 'no errorMessage' : printable(errorMessage));
}

function parseJson({ status, contentType = 'none', body }: HttpAnswer): unknown {
  // Spec, "API content type".
  if (!/^application\/json\s*(?:;|$)/i.test(contentType)) throw invalid(status, `content type: ${contentType}`);
  if (!isUtf8(body)) throw invalid(status, 'not UTF-8');
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    // The parser's own message is dropped, because it quotes the body, which may be a plaintext.
    throw invalid(status, 'not JSON');
  }
}

function parseShape<Shape extends z.ZodType>(status: number, body: unknown, shape: Shape): z.output<Shape> {
  const { data, error } = shape.safeParse(body);
  if (!error) return data;
  const problems = error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
  throw invalid(status, problems.join('; '));
}

function invalid(status: number, problem: string): XksProxyFailure {
  return new XksProxyFailure('InvalidResponse', printable(`HTTP ${status}, ${problem}`));
}
