/** The text of a file, which the bundler and vitest put in its place. */
declare module '*?raw' {
  const text: string;
  export default text;
}
