/** 1,234 → "1,234", 56,789 → "57k", 1,234,567 → "1.2M". */
export function humanCount(value: number): string {
  if (value >= 999_500) return `${(value / 1e6).toFixed(1)}M`;
  if (value >= 10_000) return `${Math.round(value / 1000)}k`;
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toPrecision(2);
}

/** Seconds as "42 s", "3 min 20 s" or "2 h 05 min". */
export function humanTime(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, "0")} s`;
  return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")} min`;
}
