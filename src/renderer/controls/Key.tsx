export const Key = ({ label }: { readonly label: string }) => (
  <kbd className="key" aria-hidden>
    {label}
  </kbd>
);
