/** What the keys 0 to 3 mean. */
export const GRADES = ["not relevant", "related", "relevant", "exactly this"] as const;

export const HIGHEST = GRADES.length - 1;
