const MAX_FRAMES = 8;

/**
 * Class, code and stack frames of an error that is not ours, for the log. The message is left out: it may quote a plaintext or a
 * secret. SQLite's `errstr` is kept because it is one of a few fixed texts, such as `database or disk is full`.
 */
export function redactError(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { code, errstr } = error as { code?: unknown; errstr?: unknown };
  const words = [code, errstr].filter((word) => typeof word === 'string');
  return [error.name, ...words, ...framesOf(error)].join(' ');
}

/** Frames are looked for after the message only, because the message may have lines that look like frames. */
function framesOf({ message, stack = '' }: Error): string[] {
  const start = stack.indexOf(message);
  if (start === -1) return [];
  const frames = stack.slice(start + message.length).match(/^ {4}at .+$/gm) ?? [];
  return frames.slice(0, MAX_FRAMES).map((frame) => frame.trim());
}
