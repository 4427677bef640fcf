/**
 * Numbers for splits, the same in the app and on the command line: images of one patient share one, and so do images out of one
 * file (frames, copies), whatever is said of their patients. An image of which neither is known to be shared stands alone.
 */
export function groupNumbers(images: readonly { readonly file: string; readonly patient: string | null }[]): Int32Array<ArrayBuffer> {
  const parents: number[] = [];
  const root = (of: number): number => {
    let at = of;
    while (parents[at] !== at) at = parents[at] = parents[parents[at] as number] as number;
    return at;
  };
  const nodes = { file: new Map<string, number>(), patient: new Map<string, number>() };
  const nodeOf = (kind: keyof typeof nodes, name: string) => {
    const known = nodes[kind].get(name) ?? parents.push(parents.length) - 1;
    nodes[kind].set(name, known);
    return known;
  };
  const files = images.map(({ file, patient }) => {
    const node = nodeOf('file', file);
    if (patient !== null) parents[root(node)] = root(nodeOf('patient', patient));
    return node;
  });
  const numbers = new Map<number, number>();
  return Int32Array.from(files, (node) => {
    const group = root(node);
    const number = numbers.get(group) ?? numbers.size;
    numbers.set(group, number);
    return number;
  });
}
