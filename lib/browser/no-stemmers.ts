// What a page's bundle has in the place of "snowball-stemmers" (330 kB) where none of its systems stems.

export const algorithms = (): string[] => [];

export const newStemmer = (): never => {
  throw new Error("no-stemmers: this page was made without stemmers");
};
