import type { ReactNode } from 'react';

/** Plain words on the page; what the field calls it, and what it means, on hovering and for a screen reader. */
export const Term = ({ means, children }: { readonly means: string; readonly children: ReactNode }) => (
  <abbr className="term" title={means}>
    {children}
  </abbr>
);
