/** Escapes control and invisible characters of text that may come from a client or a file. */
export function escapeInvisible(text: string): string {
  if (!/[^ -~]/.test(text)) return text;
  return text.replaceAll(/(?! )[\p{C}\p{Z}]/gu, (characters) =>
    characters
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** Does the same with each line of a text. */
export function escapeLines(text: string): string {
  return text.split('\n').map(escapeInvisible).join('\n');
}
