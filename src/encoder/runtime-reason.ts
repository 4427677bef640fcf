/** Parts of onnxruntime's messages that are about its sources, its error classes and our file names, and tell a person nothing. */
const noise: readonly (readonly [RegExp, string])[] = [
  [/^Error: /, ''],
  [/\bOrt[A-Z]\w+: /g, ''],
  [/\[ONNXRuntimeError\] : \d+ : [A-Z_]+ : /g, ''],
  [/Load model from .*? failed: ?/, ''],
  [/^This is an invalid model\. (In Node|Error): ?/, ''],
  [/Non-zero status code returned while running (\S+) node\. Name:'([^']*)' Status Message: /g, '$1 $2: '],
  // File, line, function and the condition that did not hold.
  [/\S*[/\\]\S+\.(?:cc|h|cpp|cu):\d+ .*? was false\. ?/g, ''],
  [/\S*[/\\]\S+\.(?:cc|h|cpp|cu):\d+ ?(?:[\w:~<>&* ]+\([^)]*\)(?: const)? )?/g, ''],
  [/\b\w+\.(?:cc|h|cpp|cu):\d+ \w+ /g, ''],
  [/\s+/g, ' '],
];

/** An error of onnxruntime as the end of a sentence: its first line, without what is about its insides. */
export function runtimeReason(error: unknown): string {
  const [first = ''] = (error instanceof Error ? error.message : String(error)).trim().split('\n', 1);
  const plain = noise.reduce((text, [pattern, by]) => text.replace(pattern, by), first).trim();
  return (plain === '' ? first : plain).slice(0, 300).replace(/[\s.]+$/, '');
}
