/**
 * What a person can do by key, menu or palette: one registry, so that the three never disagree. "Mod" is Ctrl, on a Mac Cmd.
 * (An `action` is a journal entry; this is the wish that may lead to one.)
 */
export interface Command {
  readonly id: string;
  readonly title: string;
  /** Default keys; the first is shown. */
  readonly keys: readonly string[];
  readonly group: 'project' | 'edit' | 'label' | 'navigate' | 'view' | 'help';
  /** Where the keys act; those of the queue also in the review, where one image is large as well. */
  readonly where: 'everywhere' | 'project' | 'queue' | 'grid' | 'review';
}

export const commands = [
  { id: 'project.new', title: 'New project…', keys: ['Mod+N'], group: 'project', where: 'everywhere' },
  { id: 'project.close', title: 'Back to all projects', keys: ['Mod+W'], group: 'project', where: 'project' },
  { id: 'export.open', title: 'Export…', keys: ['Mod+E'], group: 'project', where: 'project' },
  { id: 'project.findings', title: 'Findings…', keys: ['Mod+F'], group: 'project', where: 'project' },
  { id: 'project.metadata', title: 'Patients and views…', keys: ['Mod+Shift+P'], group: 'project', where: 'project' },
  { id: 'project.import', title: 'Import labels…', keys: ['Mod+Shift+L'], group: 'project', where: 'project' },
  { id: 'project.rescan', title: 'Scan the folder again', keys: ['F5', 'Mod+R'], group: 'project', where: 'project' },
  { id: 'settings.open', title: 'Settings…', keys: ['Mod+,'], group: 'project', where: 'everywhere' },
  { id: 'settings.encoders', title: 'Encoders…', keys: ['Mod+Shift+E'], group: 'project', where: 'everywhere' },

  { id: 'edit.undo', title: 'Undo', keys: ['Mod+Z'], group: 'edit', where: 'project' },
  { id: 'edit.redo', title: 'Redo', keys: ['Mod+Shift+Z', 'Mod+Y'], group: 'edit', where: 'project' },
  { id: 'grid.selectAll', title: 'Select all shown', keys: ['Mod+A'], group: 'edit', where: 'grid' },
  { id: 'grid.selectNone', title: 'Clear the selection', keys: ['Escape'], group: 'edit', where: 'grid' },

  {
    id: 'label.accept',
    title: 'Accept what is outlined and go on; in the review, keep the label',
    keys: ['Enter'],
    group: 'label',
    where: 'project',
  },
  { id: 'label.absentRest', title: 'No other finding (the unread ones absent), next', keys: ['A'], group: 'label', where: 'project' },
  { id: 'label.unsure', title: 'Unsure', keys: ['0'], group: 'label', where: 'project' },
  { id: 'label.skip', title: 'Skip this image', keys: ['X'], group: 'label', where: 'queue' },
  { id: 'label.keep', title: 'Keep the label as it is', keys: [' '], group: 'label', where: 'review' },
  { id: 'label.change', title: 'Change the label to what the model says', keys: ['Mod+Enter'], group: 'label', where: 'review' },
  { id: 'label.clear', title: 'Take the label away', keys: ['Backspace', 'Delete'], group: 'label', where: 'project' },

  { id: 'navigate.next', title: 'Next image', keys: ['ArrowRight', 'ArrowDown'], group: 'navigate', where: 'queue' },
  { id: 'navigate.previous', title: 'Previous image', keys: ['ArrowLeft', 'ArrowUp'], group: 'navigate', where: 'queue' },
  { id: 'navigate.queue', title: 'Queue', keys: ['Q'], group: 'navigate', where: 'project' },
  { id: 'navigate.grid', title: 'Grid', keys: ['G'], group: 'navigate', where: 'project' },
  { id: 'navigate.review', title: 'Review of suspect labels', keys: ['Shift+R'], group: 'navigate', where: 'project' },
  { id: 'search.start', title: 'Find a finding…', keys: ['Mod+Shift+F'], group: 'navigate', where: 'project' },
  { id: 'navigate.progress', title: 'Progress panel', keys: ['P'], group: 'navigate', where: 'project' },

  { id: 'view.zoomIn', title: 'Zoom in', keys: ['+', '='], group: 'view', where: 'queue' },
  { id: 'view.zoomOut', title: 'Zoom out', keys: ['-'], group: 'view', where: 'queue' },
  { id: 'view.fit', title: 'Fit to window', keys: ['F'], group: 'view', where: 'queue' },
  { id: 'view.actualSize', title: '1:1, pixel for pixel', keys: ['Mod+1'], group: 'view', where: 'queue' },
  { id: 'view.invert', title: 'Invert grey values', keys: ['I'], group: 'view', where: 'queue' },
  { id: 'view.brighter', title: 'Brighter', keys: [']'], group: 'view', where: 'queue' },
  { id: 'view.darker', title: 'Darker', keys: ['['], group: 'view', where: 'queue' },
  { id: 'view.moreContrast', title: 'More contrast', keys: ['}'], group: 'view', where: 'queue' },
  { id: 'view.lessContrast', title: 'Less contrast', keys: ['{'], group: 'view', where: 'queue' },
  { id: 'view.nextWindow', title: 'Next window preset', keys: [','], group: 'view', where: 'queue' },
  { id: 'view.windowFile', title: 'Window of the file (again: its next one)', keys: ['F2'], group: 'view', where: 'queue' },
  { id: 'view.windowAuto', title: 'Automatic window', keys: ['F3'], group: 'view', where: 'queue' },
  { id: 'view.windowNarrow', title: 'Window of percentiles 5 to 95', keys: ['F4'], group: 'view', where: 'queue' },
  { id: 'view.windowLung', title: 'Lung window', keys: ['F6'], group: 'view', where: 'queue' },
  { id: 'view.windowBone', title: 'Bone window', keys: ['F7'], group: 'view', where: 'queue' },
  { id: 'view.windowFull', title: 'Full range', keys: ['F8'], group: 'view', where: 'queue' },
  { id: 'view.magnifier', title: 'Magnifier: press and move', keys: ['Mod+L'], group: 'view', where: 'queue' },
  { id: 'view.rotate', title: 'Turn by 90°', keys: ['Mod+ArrowRight'], group: 'view', where: 'queue' },
  { id: 'view.mirror', title: 'Mirror left and right', keys: ['Mod+ArrowDown'], group: 'view', where: 'queue' },
  { id: 'view.reset', title: 'Reset the view', keys: ['R'], group: 'view', where: 'queue' },
  { id: 'view.similar', title: 'Similar images that are labelled', keys: ['.'], group: 'view', where: 'queue' },
  { id: 'view.compare', title: 'Side by side with a similar, labelled image', keys: [';'], group: 'view', where: 'queue' },
  { id: 'view.compareNearer', title: 'Beside: a more similar one', keys: ['Shift+ArrowLeft'], group: 'view', where: 'queue' },
  { id: 'view.compareFurther', title: 'Beside: a less similar one', keys: ['Shift+ArrowRight'], group: 'view', where: 'queue' },
  { id: 'view.header', title: 'Header of the file…', keys: ['Mod+I'], group: 'view', where: 'queue' },
  { id: 'view.hideProposals', title: 'Hide or show proposals', keys: ['H'], group: 'view', where: 'project' },

  { id: 'help.keys', title: 'Show the keys', keys: ['?'], group: 'help', where: 'everywhere' },
  { id: 'help.about', title: 'About Collimate', keys: [], group: 'help', where: 'everywhere' },
] as const satisfies readonly Command[];

export type CommandId = (typeof commands)[number]['id'];

/** Keys that findings may have: digits first, then the letters no command uses, in the order in which they are given out. */
export const findingKeys: readonly string[] = '123456789bcdejklmnostuvwyz'.split('');
