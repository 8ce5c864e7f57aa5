import { lstatSync } from 'node:fs';
import process from 'node:process';

/**
 * Calls `act` with the rights of the owner of a folder, or of the link to it, if this process is root and the owner is not. Root
 * must not follow links that the owner puts there, and the owner must be able to write to files that `act` makes. `act` must not
 * be asynchronous, because the rights are those of the whole process.
 */
export function asOwnerOf<T>(folder: string, act: () => T): T {
  const { uid, gid } = lstatSync(folder);
  const { geteuid, seteuid, setegid, getgroups, setgroups } = process;
  if (!geteuid || !seteuid || !setegid || !getgroups || !setgroups || geteuid() !== 0 || uid === 0) return act();
  const groups = getgroups();
  setgroups([gid]);
  setegid(gid);
  seteuid(uid);
  try {
    return act();
  } finally {
    seteuid(0);
    setegid(0);
    setgroups(groups);
  }
}
