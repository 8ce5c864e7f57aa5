/** The text of a file. The bundler and vitest insert it. */
declare module '*?raw' {
  const text: string;
  export default text;
}
