/** How errors cross a channel. */
export interface ErrorCodec<Wire = unknown> {
  /** What can be copied of an error. */
  encode(error: unknown): Wire;
  decode(wire: Wire): Error;
}

/** The message alone crosses. Between processes of the proxy: it tells the operator what a configuration was refused for. */
export const MESSAGES_ONLY: ErrorCodec<string> = {
  encode: (error) => (error instanceof Error ? error.message : String(error)),
  decode: (message) => new Error(message),
};
