import type { WireRequest } from '../xksClient/sendRequest.ts';

/** Removes the signature from a request. */
export function unsigned(request: WireRequest): WireRequest {
  const headers = request.headers.filter(([name]) => name !== 'authorization' && name !== 'x-amz-date');
  return { ...request, headers };
}
