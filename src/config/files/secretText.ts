/** `line`: a secret without line ends, such as a PIN; `pem`: a text of several lines. */
export type SecretForm = 'line' | 'pem';

// Control, format and separator characters, lone surrogates, and the replacement character for bytes that are not UTF-8.
const NO_TEXT = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\uFFFD]/u;

/** Secret in the text of a file or variable, without line ends at its end. Throws an Error that shows nothing of it. */
export function parseSecret(text: string, form: SecretForm): string {
  const secret = text.replace(/(?<![\r\n])[\r\n]+$/, '');
  if (secret.trim() === '') throw new Error('names an empty secret');
  if (secret.startsWith('\uFEFF')) {
    throw new Error('names a secret that begins with a byte order mark (BOM); save it as UTF-8 without one');
  }
  if (form === 'line' && /[\r\n]/.test(secret)) throw new Error('names a secret of several lines; it must be one');
  const inLine = form === 'pem' ? secret.replaceAll(/[\r\n\t]/g, '') : secret;
  if (NO_TEXT.test(inLine)) {
    throw new Error('names a secret with a control character or an invisible one; write it again without it');
  }
  return secret;
}

/** Whether a secret begins or ends with blanks, which may be a mistake. */
export function hasBlankEnd(secret: string): boolean {
  return secret !== secret.trim();
}
