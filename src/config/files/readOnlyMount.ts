import { readFileSync, realpathSync } from 'node:fs';

/**
 * Whether a file is on a read-only mount, such as a secret of Docker Swarm or Kubernetes. Its mode cannot be changed there.
 * `mounts` has the format of /proc/self/mountinfo, see proc(5). If the system has no such file, no mount counts as read-only.
 */
export function isOnReadOnlyMount(path: string, mounts = readMounts()): boolean {
  const real = realpathSync(path);
  let longest = { point: '', isReadOnly: false };
  for (const line of mounts.split('\n')) {
    const [, , , , escaped = '', options = '', ...rest] = line.split(' ');
    const point = escaped.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
    const isAbove = point !== '' && (real === point || real.startsWith(point === '/' ? '/' : `${point}/`));
    // A later mount hides an earlier one at the same point.
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
