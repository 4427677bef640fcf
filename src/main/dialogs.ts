import { dialog, type BrowserWindow, type OpenDialogOptions } from 'electron';
import { ok } from '../contract/result';
import type { BridgePart } from './ipc';

/** The system's own dialogs. They are the only way by which the page gets to name a file or folder of its choice. */
export function setupDialogs(window: () => BrowserWindow | null): BridgePart {
  const pick = async (options: OpenDialogOptions) => {
    const parent = window();
    const { canceled, filePaths } = await (parent ? dialog.showOpenDialog(parent, options) : dialog.showOpenDialog(options));
    return ok(canceled ? null : (filePaths[0] ?? null));
  };
  return {
    'dialog.folder': ({ title }) => pick({ title, properties: ['openDirectory', 'createDirectory'] }),
    'dialog.table': ({ of }) =>
      pick({
        title: of === 'labels' ? 'Choose a table of labels' : 'Choose a table of patients and views',
        properties: ['openFile'],
        filters: [
          { name: 'Tables', extensions: ['csv', 'tsv', 'txt'] },
          { name: 'All files', extensions: ['*'] },
        ],
      }),
    'dialog.onnx': () =>
      pick({
        title: 'Choose an ONNX model',
        properties: ['openFile'],
        filters: [
          { name: 'ONNX models', extensions: ['onnx'] },
          { name: 'All files', extensions: ['*'] },
        ],
      }),
    'dialog.image': () => pick({ title: 'Choose an image to try it on', properties: ['openFile'] }),
    'dialog.checkpoint': () =>
      pick({
        title: 'Choose an EVA-X checkpoint',
        properties: ['openFile'],
        filters: [
          { name: 'Checkpoints', extensions: ['pt', 'pth', 'safetensors'] },
          { name: 'All files', extensions: ['*'] },
        ],
      }),
  };
}
