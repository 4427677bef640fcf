import { Copy, Check } from 'lucide-react';
import { useState } from 'react';

export function CopyDetails({ text, title = 'Copy details' }: { readonly text: string; readonly title?: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <button className="button small" onClick={() => setCopied(copy(text))}>
      {copied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
      {copied ? 'Copied' : title}
    </button>
  );
}

/** By way of a selection: the asynchronous clipboard needs a permission that the page is not given. */
function copy(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'visually-hidden';
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  return done;
}
