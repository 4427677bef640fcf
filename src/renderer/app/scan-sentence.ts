import type { ScanOutcome } from '../../contract/views';
import { counted } from '../controls/figures';

/** What a look at the folder found. */
export function scanSentence({ added, changed, moved, missing, uncompared }: ScanOutcome): string {
  const parts = [
    added > 0 ? counted(added, 'new image') : '',
    changed > 0 ? `${counted(changed, 'image')} changed` : '',
    moved > 0 ? `${counted(moved, 'image')} found again under another name` : '',
    missing > 0 ? `${counted(missing, 'image')} no longer there` : '',
  ].filter((part) => part !== '');
  const found = parts.length === 0 ? 'The folder is as it was.' : `The folder was scanned: ${parts.join(', ')}.`;
  return uncompared === 0 ? found : `${found} ${counted(uncompared, 'new file')} were not compared: scan again to go on.`;
}
