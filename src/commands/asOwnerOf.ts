import { lstatSync } from 'node:fs';
import process from 'node:process';

/**
 * Calls `act` with the rights of the owner of a folder, or of the link to it, if this process is root and the owner is not. Root
 * must not follow links that the owner puts there, and the owner must be able to write to files that `act` makes. `act` must not
 * be asynchronous, because the rights are those of the whole process.
 */
export function asOwnerOf<T>(folder: string, act: () => T): T {
  const { uid, gid } = lstatSync(folder);
  const { geteuid, seteuid, getegid, setegid, getgroups, setgroups } = process;
  const canChange = geteuid && seteuid && getegid && setegid && getgroups && setgroups;
  if (!canChange || geteuid() !== 0 || uid === 0) return act();
  const [group, groups] = [getegid(), getgroups()];
  try {
    setgroups([gid]);
    setegid(gid);
    seteuid(uid);
    return act();
  } finally {
    seteuid(0);
    setegid(group);
    setgroups(groups);
  }
}
