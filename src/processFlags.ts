/**
 * Flags of Node.js for every process of the program. The shebang of main.ts, the Dockerfile and the systemd unit repeat them, because only the
 * start of a process can set them. A larger young generation, and an old one that may grow more between collections, save CPU and take
 * memory: docs/operations.md has the figures.
 */
export const NODE_FLAGS = ['--disable-sigusr1', '--max-semi-space-size=8', '--heap-growing-percent=40'];

/** Environment of every process. By default, glibc's malloc keeps up to eight arenas for each core, and returns little of their memory. */
export const PROCESS_ENVIRONMENT = { MALLOC_ARENA_MAX: '1' };
