import type { Step } from './exchange.ts';

/** The method is not POST. The answer is 405 with `Allow: POST` and an empty body. */
export class MethodNotAllowed extends Error {
  override readonly name = 'MethodNotAllowed';
}

// Spec, "API operations": a GET at one of these URIs MUST be rejected with 405 Method Not Allowed.
export const requirePost: Step = (_exchange, req) => {
  if (req.method !== 'POST') throw new MethodNotAllowed();
};
