/** A progress bar with its words. `fraction` null: not known yet. */
export function Bar({ fraction, label }: { readonly fraction: number | null; readonly label: string }) {
  const percent = fraction === null ? undefined : Math.round(Math.min(1, Math.max(0, fraction)) * 100);
  return (
    <div
      className={percent === undefined ? 'bar unknown' : 'bar'}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(percent === undefined ? {} : { 'aria-valuenow': percent })}
    >
      <div className="bar-fill" style={{ width: percent === undefined ? '30%' : `${String(percent)}%` }} />
    </div>
  );
}
