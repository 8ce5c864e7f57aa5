/** A codec for errors that cross a channel. */
export interface ErrorCodec<Wire = unknown> {
  /** Converts an error to a value that can be copied. */
  encode(error: unknown): Wire;
  decode(wire: Wire): Error;
}

/**
 * Sends only an error's message. Used between processes of the proxy: the message tells the operator why a configuration was
 * refused.
 */
export const MESSAGES_ONLY: ErrorCodec<string> = {
  encode: (error) => (error instanceof Error ? error.message : String(error)),
  decode: (message) => new Error(message),
};
