/** Paths of the console and of its parts. */
export const CONSOLE_PATHS = {
  page: '/console',
  style: '/console/style.css',
  script: '/console/live.js',
  actions: '/console/actions.js',
  calls: '/console/call',
  events: '/console/events',
} as const;
