/** What a check of `doctor` found. */
export interface Finding {
  /** What was looked at, such as `token` or `certificate`. */
  readonly check: string;
  /** `failure`: `serve` would not start, a key would not be served or not decrypt all its data, or KMS could not connect. */
  readonly level: 'ok' | 'warning' | 'failure';
  /** One sentence. Never holds a secret. */
  readonly message: string;
  /** What to do. */
  readonly advice?: string;
}
