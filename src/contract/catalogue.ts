import type { ErrorCode } from './errors';
import type { WindowKind } from './jobs/imaging';
import type { ImageNote } from './model';
import type { Failure } from './result';

interface Message {
  /** What happened, with {placeholders} filled from the failure's params. */
  readonly what: string;
  /** What the person can do next. */
  readonly next: string;
}

/** The sentences for people. The only place where a failure becomes words. */
const messages: Record<ErrorCode, Message> = {
  'file-missing': { what: '{file} is not there.', next: 'Check its name and place, or scan the folder again.' },
  'file-unreadable': { what: '{file} could not be read: {reason}.', next: 'Check its name, place and permissions, then try again.' },
  'file-changed': { what: '{file} changed while it was being read.', next: 'Wait until nothing writes to it, then try again.' },
  'file-too-large': { what: '{file} is larger than {limit} MB.', next: 'Store its images as separate files.' },
  'folder-missing': { what: 'The folder {folder} is not there.', next: 'Connect the drive or choose the folder again.' },
  'folder-unreadable': {
    what: 'The folder {folder} could not be opened: {reason}.',
    next: 'Check its permissions or choose another folder.',
  },
  'folder-empty': { what: 'No images were found in {folder}.', next: 'Choose a folder with PNG, JPEG, WebP, TIFF or DICOM files.' },
  'folder-foreign': { what: 'None of the images of this project are in {folder}.', next: 'Choose the folder that holds {example}.' },
  'folder-not-writable': { what: 'Nothing can be written to {folder}: {reason}.', next: 'Choose another folder, or put that right.' },
  'disk-full': { what: 'The disk that holds {folder} is full.', next: 'Free some space, then try again. Nothing that was saved is lost.' },
  'output-exists': {
    what: '{file} exists already.',
    next: 'Choose another name, or allow it to be replaced (on the command line: --overwrite).',
  },
  'write-failed': { what: '{file} could not be written: {reason}.', next: 'Nothing was changed. Choose another place or try again.' },
  'image-format-unknown': { what: '{file} is not an image that Collimate knows.', next: 'PNG, JPEG, WebP, TIFF and DICOM can be read.' },
  'image-corrupt': { what: '{file} is damaged: {reason}.', next: 'Copy it again from its source. It is left out until then.' },
  'image-too-large': {
    what: '{file} is {width} x {height} pixels, above the limit of {limit} million.',
    next: 'Export it smaller, then scan again.',
  },
  'image-unsupported': { what: '{file} uses {feature}, which is not supported.', next: 'Convert it to PNG or uncompressed DICOM.' },
  'image-none': { what: '{file} is a DICOM object without a picture.', next: 'It is left out.' },
  'image-frames-too-many': {
    what: '{file} holds more than {limit} frames.',
    next: 'Divide it into smaller files, or take first frames only: a choice when a project is made, --frames first on the command line.',
  },
  'image-timeout': {
    what: '{file} took longer than {seconds} s to read and was given up.',
    next: 'Check the drive or the file, then try it again.',
  },
  'decoder-crashed': { what: 'The decoder broke off at {file}.', next: 'The file is left out; all others go on.' },
  'checkpoint-not-one': { what: '{file} is not a PyTorch checkpoint.', next: 'Choose the .pt file of EVA-X.' },
  'checkpoint-corrupt': { what: '{file} is damaged: {reason}.', next: 'Download or copy it again.' },
  'checkpoint-format-unsupported': {
    what: '{file} is stored as {format}, which cannot be read yet.',
    next: 'Save it again with a current PyTorch (torch.save).',
  },
  'checkpoint-layout-unknown': { what: '{file} holds no EVA-X encoder: {reason}.', next: 'Choose a file of EVA-X Ti, S or B.' },
  'checkpoint-keys-missing': {
    what: '{file} lacks {count} of the weights that EVA-X needs: {key}.',
    next: 'The file may be cut short: copy it again.',
  },
  'checkpoint-shape-wrong': {
    what: 'In {file} the weight {key} has shape {found}, expected {expected}.',
    next: 'Choose a file of EVA-X Ti, S or B.',
  },
  'checkpoint-rope-differs': {
    what: 'The rotary table in {file} differs from that of EVA-X by {difference}.',
    next: 'The file belongs to another model; choose an EVA-X file.',
  },
  'preparation-unknown': {
    what: '{file} takes images of {size} x {size} pixels and does not say how they are prepared for it.',
    next: 'Say it in the import, with --preprocessing (crop, mean and std) on the command line, or in {sidecar} beside it.',
  },
  'model-not-one': { what: '{file} is not an ONNX model that can be read: {reason}.', next: 'Choose an .onnx file, or copy it again.' },
  'model-unsupported': {
    what: '{file} cannot be used as an encoder: {reason}.',
    next: 'Choose otherwise, or export the model again with that changed.',
  },
  'model-data-missing': {
    what: '{file} keeps its weights in {data}, which is not there.',
    next: 'Copy that file into the same folder.',
  },
  'model-missing': {
    what: 'There is no {file} in {folder}.',
    next: 'Name a folder that an export of the app or "collimate export" has written.',
  },
  'model-failed': {
    what: '{file} did not run: {reason}.',
    next: 'Choose another input, output, pooling or size.',
  },
  'download-offline': {
    what: '{host} could not be reached: {reason}.',
    next: 'Check the connection and the proxy, or fetch the file on another machine and choose it here.',
  },
  'download-refused': { what: '{host} did not give the file: {reason}.', next: 'Try again later, or choose a file that you already have.' },
  'download-broken': {
    what: 'The download from {host} broke off: {reason}.',
    next: 'Start it again: it goes on where it was.',
  },
  'download-hash-differs': {
    what: 'What came for {file} is not what {host} states (SHA-256 {found}, expected {expected}). It was deleted.',
    next: 'Try again; if it happens twice, fetch the file in another way.',
  },
  'download-unsafe': { what: '{address} was not asked, since the connection would not be encrypted.', next: 'Use an https address.' },
  'encoder-missing': {
    what: 'The encoder {encoder} is not on this machine.',
    next: 'Import its checkpoint in the settings; on the command line, name a folder that "collimate convert" has written, or builtin.',
  },
  'encoder-corrupt': { what: 'The encoder in {folder} is damaged: {reason}.', next: 'Import its checkpoint again.' },
  'encoder-run-failed': {
    what: 'The encoder stopped with an error: {reason}.',
    next: 'What was embedded is kept. Try again; if it comes back, measure the encoder in the settings or take another one.',
  },
  'encoder-in-use': { what: 'The project {project} is open and works with this encoder.', next: 'Close the project, then try again.' },
  'encoder-keeps-ending': {
    what: 'The process of the encoder ended unexpectedly {count} times, at last with {batch} at a time.{how}',
    next: 'What was embedded is kept. Close other programs to free memory, or take a smaller encoder or one in int8, and try again.',
  },
  'embedding-corrupt': {
    what: 'The embeddings in {file} are damaged: {reason}.',
    next: 'They can be computed from the images again: embed them once more.',
  },
  'embedding-foreign': {
    what: 'These come from the encoder {found}, where {expected} is needed.',
    next: 'Make them again with the encoder that is needed ("collimate embed" on the command line).',
  },
  'head-foreign': {
    what: 'The head was fitted on embeddings of the encoder {expected}, and these come from {found}: numbers of one mean nothing to the other.',
    next: 'Embed the images with the encoder of the head, or fit a head on these embeddings.',
  },
  'embedding-missing': { what: '{count} images have no embedding yet.', next: 'Embed the folder, then try again.' },
  'labels-too-few': { what: 'There are too few labels to fit a head: {reason}.', next: 'Label at least one image of each of two states.' },
  'labels-invalid': { what: '{file}: {reason}.', next: 'Correct the table and try again.' },
  'head-invalid': { what: 'The head in {folder} cannot be used: {reason}.', next: 'Fit it again.' },
  'backend-unavailable': {
    what: 'The backend {backend} cannot be used here: {reason}.',
    next: 'Choose another backend; with auto Collimate takes the best one that works here.',
  },
  'strategy-unknown': { what: 'There is no strategy called {strategy}.', next: 'Known are {known}.' },
  'project-missing': { what: 'The project {project} is no longer there.', next: 'It was moved or removed; choose another.' },
  'project-newer': {
    what: 'This project was made by a newer Collimate (schema {found}; this one knows {known}).',
    next: 'Update Collimate to open it.',
  },
  'project-invalid': { what: 'The project cannot be made: {reason}.', next: 'Correct it and try again.' },
  'project-open-elsewhere': { what: 'The project is open in another window.', next: 'Go on there.' },
  'journal-damaged': {
    what: 'The journal of this project is damaged at line {line}: {reason}.',
    next: 'All labels before it are safe. Use "collimate recover" to take them out.',
  },
  'nothing-to-undo': { what: 'There is nothing to undo.', next: '' },
  'image-unknown': { what: 'This image does not belong to the project.', next: 'Scan the folder again.' },
  'finding-unknown': { what: 'There is no finding {finding} in this project.', next: 'Add it in the project settings.' },
  'pattern-invalid': {
    what: 'The pattern {pattern} cannot be used: {reason}.',
    next: 'Name what each place holds, as in {patient}_{view}_*.png.',
  },
  'metadata-unmatched': {
    what: '{source} fits none of the {images} images.',
    next: 'Compare it with {example}.',
  },
  'export-check-failed': {
    what: 'The exported model differs from the proposals by {difference}, more than {limit}. It was not written.',
    next: 'Please report this with the details.',
  },
  'export-among-images': {
    what: '{folder} lies among the images of this project, or holds them.',
    next: 'Choose another folder: what is exported must not mix with what it was made from.',
  },
  'output-foreign': {
    what: '{file} exists and was not made by Collimate, so it is not replaced.',
    next: 'Choose another folder, or move it away.',
  },
  'export-nothing': { what: 'There is nothing to export: {reason}.', next: 'Label a few images first.' },
  'table-invalid': { what: '{file}, row {row}: {reason}.', next: 'Correct the table and try again.' },
  'array-invalid': { what: '{file} is not a usable array: {reason}.', next: 'Make it again with "collimate embed".' },
  'process-gone': {
    what: 'The {process} process {how}.',
    next: 'What was saved is safe. Try again; if it comes back, the log in the profile folder says more.',
  },
  stopped: { what: 'Stopped.', next: '' },
  refused: { what: 'The request was refused.', next: '' },
  'wrong-use': { what: '{reason}.', next: '' },
  internal: { what: 'Something unexpected happened: {reason}.', next: 'Copy the details into a report; what was saved is safe.' },
};

const fill = (text: string, params: Failure['params']) =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in params ? String(params[name]) : whole));

/** The failure as one or two sentences: what happened and what to do next. */
export function sentence(failure: Failure): string {
  const { what, next } = explain(failure);
  return next === '' ? what : `${what} ${next}`;
}

export function explain(failure: Failure): Message {
  const message = messages[failure.code];
  return { what: fill(message.what, failure.params), next: fill(message.next, failure.params) };
}

/** What a person should know of an image: a word or two for the picture and a filter, and the sentence. */
export const imageNotes: Record<ImageNote, { readonly short: string; readonly sentence: string }> = {
  'view-lateral': {
    short: 'lateral view',
    sentence: 'No frontal view. EVA-X was trained on frontal views alone: its proposals mean little here.',
  },
  'overlay-ignored': {
    short: 'overlay not shown',
    sentence: 'The file holds overlays (drawings or text above the image), which are neither shown nor embedded.',
  },
  'window-empty': {
    short: 'window not used',
    sentence:
      'The window that the file states would show next to nothing of this image: it is shown and embedded from its 1st to its 99th percentile.',
  },
  'window-invalid': {
    short: 'window not valid',
    sentence: 'The window that the file states has no width: the image is shown and embedded from its 1st to its 99th percentile.',
  },
  'lut-scaled': {
    short: 'table scaled',
    sentence: 'The entries of a look-up table in the file do not fit the bits that it states: they were scaled to what they need.',
  },
  'depth-differs': {
    short: 'bits contradict',
    sentence: 'The header and the picture data contradict each other about the bits of a sample: the picture data were followed.',
  },
  'part-damaged': {
    short: 'part damaged',
    sentence: 'A part of the file beside the picture is damaged, such as a look-up table: it was left out. The picture itself is whole.',
  },
};

/** What a window preset shows, and how it is made. */
export const windowSentences: Record<WindowKind, string> = {
  file: 'Stated by the file.',
  auto: 'From the 1st to the 99th percentile of this image.',
  narrow: 'From the 5th to the 95th percentile of this image: more contrast, the outermost parts are cut off.',
  lung: 'The darker part of this image, from its 2nd to its 70th percentile. Radiographs have no calibrated unit: it goes by the image, not by density.',
  bone: 'The brighter part of this image, from its 25th percentile on. Radiographs have no calibrated unit: it goes by the image, not by density.',
  full: 'All samples, from the lowest to the highest value.',
};
