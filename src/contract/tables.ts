/** The columns of LABELS.csv that are no finding. `label` is there in multi-class tables only. */
export const LABEL_COLUMNS = ['path', 'frame', 'patient', 'use', 'blind', 'annotator', 'time', 'source', 'label'] as const;

/** What a cell says of a finding nobody can tell; in the `label` column of a multi-class table as well. */
export const UNSURE = 'unsure';

/** A finding of this name could not be told from something else in a table. */
export const isReservedName = (name: string): boolean => name === UNSURE || LABEL_COLUMNS.some((column) => column === name);
