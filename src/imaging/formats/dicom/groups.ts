import type { DataSet } from 'dicom-parser';

/**
 * Where the attributes of a functional group macro stand for one frame (PS3.3 C.7.6.16): in its own item of the Per-Frame
 * Functional Groups, in the Shared ones, or, in objects that are not enhanced, in the data set itself.
 */
export function functionalGroup(set: DataSet, frame: number, macro: string): DataSet {
  const item = (groups: string, index: number) => set.elements[groups]?.items?.[index]?.dataSet?.elements[macro]?.items?.[0]?.dataSet;
  return item('x52009230', frame) ?? item('x52009229', 0) ?? set;
}
