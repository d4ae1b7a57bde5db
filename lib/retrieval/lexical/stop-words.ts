/** Words too common to search for, by list. "english" is Lucene's list of 33, which published BM25 figures use. */
export const stopWords = {
  english:
    "a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was will with".split(
      " ",
    ),
} satisfies Record<string, readonly string[]>;
