/** "trainingRows" as "training rows"; text with spaces as it is. */
export function spacedWords(name: string): string {
  return name.replace(
    /([a-z0-9])([A-Z])/g,
    (_, before: string, after: string) => `${before} ${after.toLowerCase()}`,
  );
}
