/** Escapes what would steer a terminal or cannot be seen: such a text may be a client's, or a file's. */
export function escapeInvisible(text: string): string {
  if (!/[^ -~]/.test(text)) return text;
  return text.replaceAll(/(?! )[\p{C}\p{Z}]/gu, (characters) =>
    characters
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
