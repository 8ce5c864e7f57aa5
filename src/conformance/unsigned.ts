import type { WireRequest } from '../xksClient/sendRequest.ts';

/** Takes the signature out of a request again. */
export function unsigned(request: WireRequest): WireRequest {
  const headers = request.headers.filter(([name]) => name !== 'authorization' && name !== 'x-amz-date');
  return { ...request, headers };
}
