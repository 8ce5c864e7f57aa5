import { readFileSync, realpathSync } from 'node:fs';

/**
 * Whether a file is on a mount that is read-only, as the secrets of Docker Swarm and Kubernetes are: its mode cannot be changed
 * here. `mounts` is in the format of /proc/self/mountinfo, proc(5); where there is none, no mount counts as read-only.
 */
export function isOnReadOnlyMount(path: string, mounts = readMounts()): boolean {
  const real = realpathSync(path);
  let longest = { point: '', isReadOnly: false };
  for (const line of mounts.split('\n')) {
    const [, , , , escaped = '', options = '', ...rest] = line.split(' ');
    const point = escaped.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
    const isAbove = point !== '' && (real === point || real.startsWith(point === '/' ? '/' : `${point}/`));
    // Of two mounts at one point, the later one is seen.
    if (!isAbove || point.length < longest.point.length) continue;
    const all = [...options.split(','), ...(rest.at(-1) ?? '').split(',')];
    longest = { point, isReadOnly: all.includes('ro') };
  }
  return longest.isReadOnly;
}

function readMounts(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return '';
  }
}
