const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Formats text of a token for people. It escapes control and invisible characters and blanks at either end (`\u009b`), bytes that
 * are not UTF-8 (`\xff`), and the backslash.
 */
export function showText(text: string | Uint8Array): string {
  if (typeof text === 'string') return escape(text);
  try {
    return escape(UTF_8.decode(text));
  } catch {
    return Buffer.from(text)
      .toString('latin1')
      .replaceAll(/[^ -~]|\\|^ | $/g, (byte) => (byte === '\\' ? '\\\\' : `\\x${hex(byte, 2)}`));
  }
}

function escape(text: string): string {
  const invisible = /\\|^ | $|(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/gu;
  return text.replaceAll(invisible, (character) =>
    character === '\\' ? '\\\\' : [...character.split('')].map((unit) => `\\u${hex(unit, 4)}`).join(''),
  );
}

function hex(unit: string, digits: number): string {
  return unit.charCodeAt(0).toString(16).padStart(digits, '0');
}
