/** Paths of the status page and of its parts. */
export const STATUS_PATHS = {
  page: '/status',
  style: '/status/style.css',
  script: '/status/live.js',
  events: '/status/events',
} as const;
