/** A security group of the configuration and its rules, in EC2's terms. Source: EC2 API, SecurityGroup. */
export interface SecurityGroup {
  readonly groupId: string;
  /** Inbound rules. */
  readonly ipPermissions: readonly IpPermission[];
  /** Outbound rules. */
  readonly ipPermissionsEgress: readonly IpPermission[];
}

export interface IpPermission {
  /** `-1` means all protocols and all ports. */
  readonly ipProtocol: 'tcp' | 'udp' | 'icmp' | '-1';
  readonly fromPort: number;
  readonly toPort: number;
}

/** Ports of CloudHSM. */
const PORTS = [2223, 2224, 2225];

/** Whether a security group blocks KMS from a cluster. A group that is not in the configuration is open, as CloudHSM creates it. */
export function isClosed(groups: readonly SecurityGroup[], id: string): boolean {
  const group = groups.find(({ groupId }) => groupId === id);
  return group !== undefined && ![group.ipPermissions, group.ipPermissionsEgress].every(letThrough);
}

function letThrough(permissions: readonly IpPermission[]): boolean {
  return PORTS.every((port) => permissions.some((permission) => admits(permission, port)));
}

function admits({ ipProtocol, fromPort, toPort }: IpPermission, port: number): boolean {
  return ipProtocol === '-1' || (ipProtocol === 'tcp' && fromPort <= port && port <= toPort);
}
