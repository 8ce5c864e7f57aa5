import type { z } from 'zod';
import * as member from '../members.ts';

/** Members of CreateCustomKeyStore and UpdateCustomKeyStore about a proxy. */
export const xksProxyMembers = {
  XksProxyConnectivity: member.xksProxyConnectivity.optional(),
  XksProxyUriEndpoint: member.xksProxyUriEndpoint.optional(),
  XksProxyUriPath: member.xksProxyUriPath.optional(),
  XksProxyAuthenticationCredential: member.xksProxyAuthenticationCredential.optional(),
  XksProxyVpcEndpointServiceName: member.xksProxyVpcEndpointServiceName.optional(),
  XksProxyVpcEndpointServiceOwner: member.xksProxyVpcEndpointServiceOwner.optional(),
};

export type XksProxyMembers = z.output<z.ZodObject<typeof xksProxyMembers>>;
