/**
 * Flags of Node.js for every process of the program. The shebang of main.ts, the Dockerfile and the systemd unit repeat them, because only the
 * start of a process can set them. V8 would let the young generation grow to 16 MiB for each half, which gains no speed here.
 */
export const NODE_FLAGS = ['--disable-sigusr1', '--max-semi-space-size=4'];

/** Environment of every process. By default, glibc's malloc keeps up to eight arenas for each core, and gives little memory of them back. */
export const PROCESS_ENVIRONMENT = { MALLOC_ARENA_MAX: '2' };
