/** Specific Character Set (PS3.3 C.12.1.1.2) to the labels of the WHATWG encodings that hold it. */
const labels: Readonly<Record<string, string>> = {
  'ISO_IR 100': 'iso-8859-1',
  'ISO_IR 101': 'iso-8859-2',
  'ISO_IR 109': 'iso-8859-3',
  'ISO_IR 110': 'iso-8859-4',
  'ISO_IR 144': 'iso-8859-5',
  'ISO_IR 127': 'iso-8859-6',
  'ISO_IR 126': 'iso-8859-7',
  'ISO_IR 138': 'iso-8859-8',
  'ISO_IR 148': 'iso-8859-9',
  'ISO_IR 203': 'iso-8859-15',
  'ISO_IR 13': 'shift_jis',
  'ISO_IR 166': 'windows-874',
  'ISO_IR 192': 'utf-8',
  'ISO 2022 IR 87': 'iso-2022-jp',
  'ISO 2022 IR 159': 'iso-2022-jp',
  'ISO 2022 IR 149': 'euc-kr',
  'ISO 2022 IR 58': 'gb2312',
  GB18030: 'gb18030',
  GBK: 'gbk',
};

const ESCAPE = 0x1b;

/**
 * Text in the character sets of its data set (the value of (0008,0005), parts divided by '\'). Of code extensions the last
 * named set counts, which is right for the files of one language that are met; bytes that do not fit become U+FFFD.
 */
export function decodeText(bytes: Uint8Array, characterSet: string | undefined): string {
  const terms = (characterSet ?? '').split('\\').map((term) => term.trim());
  const term = terms.findLast((part) => part !== '') ?? '';
  const label = labels[term] ?? labels[term.replace('ISO 2022 IR', 'ISO_IR')] ?? 'windows-1252';
  // In ISO-2022-JP the escape sequences carry the meaning; in the others the high bit does, and they only get in the way.
  const text = new TextDecoder(label).decode(label === 'iso-2022-jp' ? bytes : withoutEscapes(bytes));
  return text.replaceAll('\0', ' ').trim();
}

function withoutEscapes(bytes: Uint8Array): Uint8Array {
  if (!bytes.includes(ESCAPE)) return bytes;
  const out: number[] = [];
  for (let i = 0; i < bytes.length; i++) {
    // PS3.5 6.1.2.5.3: ESC, one or two intermediate bytes, a final one.
    if (bytes[i] === ESCAPE) i += bytes[i + 1] === 0x24 && [0x28, 0x29].includes(bytes[i + 2] ?? 0) ? 3 : 2;
    else out.push(bytes[i] as number);
  }
  return Uint8Array.from(out);
}
