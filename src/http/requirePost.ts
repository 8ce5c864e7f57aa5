import type { Step } from './exchange.ts';

/** Answered with 405, `Allow: POST` and an empty body. */
export class MethodNotAllowed extends Error {
  override readonly name = 'MethodNotAllowed';
}

// Spec, "API operations": a GET at one of these URIs MUST be rejected with 405 Method Not Allowed.
export const requirePost: Step = (_exchange, req) => {
  if (req.method !== 'POST') throw new MethodNotAllowed();
};
