/**
 * Keeps the `most` most frequent categories, ties by name; the others become "other".
 *
 * @returns one category for each given
 */
export function frequentCategories(categories: readonly string[], most: number): string[] {
  const counts = new Map<string, number>();
  for (const category of categories) counts.set(category, (counts.get(category) ?? 0) + 1);
  const ordered = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const kept = new Set(ordered.slice(0, most).map(([category]) => category));
  return categories.map((category) => (kept.has(category) ? category : "other"));
}
