/**
 * Keys next to each key of a smartphone QWERTY keyboard, in the order of the published table. The duplicates and the
 * self-references (a lists z twice, x and m list themselves) are part of it: some slips leave a word as it is.
 *
 * @see specs: 0-qdrl section 11, vector `0-qdrl/keyboard_neighbours`
 */
export const qwertyNeighbours: Readonly<Record<string, string>> = {
  q: "wa",
  w: "qase",
  e: "wsdr",
  r: "edft",
  t: "rfgy",
  y: "tghu",
  u: "yhji",
  i: "ujko",
  o: "iklp",
  p: "ol",
  a: "zswqz",
  s: "azxdew",
  d: "sxcfrez",
  f: "dcvgtr",
  g: "fvbhytc",
  h: "gbnjuyv",
  j: "hnmkiub",
  k: "jmloin",
  l: "kpom",
  z: "xsas",
  x: "zcdsx",
  c: "xvfdg",
  v: "cbgfh",
  b: "vnhgj",
  n: "bmjhk",
  m: "nkjm",
};
