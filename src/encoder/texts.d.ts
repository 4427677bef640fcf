/** A text that is bundled as it is. */
declare module '*.py?raw' {
  const text: string;
  export default text;
}
