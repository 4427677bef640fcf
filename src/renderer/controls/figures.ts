/** Numbers as people read them: grouped digits, percentages without false precision, durations in words. */
const whole = new Intl.NumberFormat('en');

export const count = (n: number): string => whole.format(n);

export const counted = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;

export function percent(fraction: number): string {
  const value = fraction * 100;
  // 99.7 % is not "100 %": a probability is never shown as certain.
  if (value > 99 && value < 100) return '>99 %';
  if (value > 0 && value < 1) return '<1 %';
  return `${value.toFixed(0)} %`;
}

export function duration(seconds: number): string {
  if (seconds < 1) return 'under a second';
  if (seconds < 90) return `${String(Math.round(seconds))} s`;
  if (seconds < 90 * 60) return `${String(Math.round(seconds / 60))} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

export const milliseconds = (value: number): string =>
  value < 1000 ? `${String(Math.round(value))} ms` : `${(value / 1000).toFixed(1)} s`;

export function bytes(n: number): string {
  if (n < 1e6) return `${count(Math.max(1, Math.round(n / 1e3)))} kB`;
  return n < 1e9 ? `${(n / 1e6).toFixed(1)} MB` : `${(n / 1e9).toFixed(1)} GB`;
}

/** Whole megabytes, without the unit. */
export const megabytes = (n: number): string => count(Math.round(n / 1e6));

/** A date as "today, 14:02", "yesterday" or the day. */
export function when(iso: string, now = new Date()): string {
  const date = new Date(iso);
  const midnight = (d: Date) => new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime();
  const days = Math.round((midnight(now) - midnight(date)) / 86_400_000);
  if (days === 0) return `today, ${date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })}`;
  if (days === 1) return 'yesterday';
  return date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
}
