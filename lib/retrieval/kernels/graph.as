// A navigable small-world graph (HNSW) over 8-bit codes; see lib/retrieval/indexes/code-graph.ts. Every step is of integers, or of
// single float products that both variants round alike, so that a graph is the same on every machine.
//
// Similarity of a and b: a·b of their codes, times both factors, plus both biases (0, or −‖·‖²/2, so that it is −‖a − b‖²/2).
// Codes: x ≈ f·c with c in ±63; documents hold c + 64, so that 8-bit products of signed and 7-bit numbers suffice.
import { signedCode, signedFromCode, signedSum, similarities } from "./graph-codes";

const EXPANDED: i32 = 1 << 31;

let codes: usize = 0; // [size, codeStride]
let codeStride: usize = 0;
let factors: usize = 0; // [size]
let biases: usize = 0; // [size], or 0
let lowest: usize = 0; // [size, lowestWidth] links of the lowest layer, −1 after the last
let lowestWidth: i32 = 0;
let above: usize = 0; // [size] first block of a document's links in the layers above, −1: none
let upper: usize = 0; // [blocks, upperWidth]
let upperWidth: i32 = 0;
let twins: usize = 0; // [size] of a document in the graph the last with equal codes, −1: none; of such a one the next, of the last the first
let marks: usize = 0; // [size] bytes: the search that came by
let size: i32 = 0;
let entry: i32 = -1;
let top: i32 = 0;

let list: usize = 0; // f32 similarity, i32 document (EXPANDED once its links were followed), best first
let answers: usize = 0; // another such list
let fresh: usize = 0; // documents to be compared
let found: usize = 0; // their similarities
let chosen: usize = 0; // documents selected for links
let linked: usize = 0; // links of the document that is added
let near: usize = 0; // a second list, for links that are full
let own: usize = 0; // signed codes of what is searched for
let other: usize = 0; // of a document whose links are full
let candidate: usize = 0; // of a candidate for a link
let search: u8 = 0; // the number that marks hold now
let sink: i32 = 0; // what was read ahead of its use

/** scratch: {@link scratchBytes} bytes; `marks` must be zeros. */
export function openGraph(
  codesAt: usize, stride: usize, factorsAt: usize, biasesAt: usize, lowestAt: usize, lowestLinks: i32,
  aboveAt: usize, upperAt: usize, upperLinks: i32, twinsAt: usize, marksAt: usize, count: i32, entryAt: i32, topLayer: i32, scratch: usize, mostExpansion: i32,
): void {
  codes = codesAt; codeStride = stride; factors = factorsAt; biases = biasesAt;
  lowest = lowestAt; lowestWidth = lowestLinks; above = aboveAt; upper = upperAt; upperWidth = upperLinks;
  twins = twinsAt; marks = marksAt; size = count; entry = entryAt; top = topLayer;
  const links = <usize>(lowestLinks + 4) << 2;
  fresh = scratch; scratch += links;
  found = scratch; scratch += links;
  chosen = scratch; scratch += links;
  linked = scratch; scratch += links;
  near = scratch; scratch += 2 * links;
  own = scratch; scratch += stride;
  other = scratch; scratch += stride;
  candidate = scratch; scratch += stride;
  answers = scratch; scratch += <usize>(mostExpansion + 2) << 3;
  list = scratch;
}

export function scratchBytes(stride: usize, lowestLinks: i32, mostExpansion: i32): usize {
  return 6 * (<usize>(lowestLinks + 4) << 2) + 3 * stride + 2 * (<usize>(mostExpansion + 2) << 3);
}

export function entryPoint(): i32 {
  return entry;
}

@inline function linksOf(id: i32, layer: i32): usize {
  if (layer == 0) return lowest + <usize>(id * lowestWidth) * 4;
  return upper + <usize>((load<i32>(above + (<usize>id << 2)) + layer - 1) * upperWidth) * 4;
}

@inline function biasOf(id: i32): f32 {
  return biases ? load<f32>(biases + (<usize>id << 2)) : 0;
}

/** Asks for the codes of `count` documents at once, so that many wait for memory together. */
@inline function readAhead(ids: usize, count: i32): void {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const id = <usize>load<i32>(ids + (<usize>i << 2));
    const p = codes + id * codeStride;
    for (let o: usize = 0; o < codeStride; o += 64) sum += load<i32>(p + o);
    sum += load<i32>(factors + (id << 2));
  }
  sink = sum;
}

@inline function compare(signed: usize, id: i32, shift: i32, ids: usize, count: i32, out: usize): void {
  similarities(signed, load<f32>(factors + (<usize>id << 2)), biasOf(id), shift, codes, codeStride, factors, biases, ids, count, out);
}

/** Moves entries [at, n) of a list one place on. */
@inline function makeRoom(at: usize, end: usize): void {
  if (end - at > 512) {
    memory.copy(at + 8, at, end - at);
    return;
  }
  let p = end;
  while (p >= at + 16) {
    p -= 16;
    v128.store(p + 8, v128.load(p));
  }
  if (p > at) store<u64>(at + 8, load<u64>(at));
}

/** Inserts behind all at least as similar. @returns the place */
@inline function insert(into: usize, n: i32, most: i32, similarity: f32, id: i32): i32 {
  let low = 0, high = n;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<f32>(into + (<usize>middle << 3)) >= similarity) low = middle + 1;
    else high = middle;
  }
  const at = into + (<usize>low << 3);
  makeRoom(at, into + (<usize>min(n, most - 1) << 3));
  store<f32>(at, similarity);
  store<i32>(at, id, 4);
  return low;
}

@inline function beginSearch(): void {
  search++;
  if (search == 0) {
    memory.fill(marks, 0, size);
    search = 1;
  }
}

/** Best-first search of a layer from the n entries in the list; keeps the `most` most similar. @returns how many there are */
function searchLayer(layer: i32, most: i32, n: i32, factor: f32, bias: f32, shift: i32): i32 {
  beginSearch();
  for (let i = 0; i < n; i++) {
    const p = list + (<usize>i << 3);
    const id = load<i32>(p, 4) & ~EXPANDED;
    store<i32>(p, id, 4);
    store<u8>(marks + id, search);
  }
  const width = layer == 0 ? lowestWidth : upperWidth;
  let at = 0;
  while (at < n) {
    const p = list + (<usize>at << 3);
    const id = load<i32>(p, 4);
    if (id < 0) {
      at++;
      continue;
    }
    store<i32>(p, id | EXPANDED, 4);
    let links = linksOf(id, layer), count = 0;
    for (const end = links + (<usize>width << 2); links < end; links += 4) {
      const next = load<i32>(links);
      if (next < 0) break;
      store<i32>(fresh + (<usize>count << 2), next);
      const mark = marks + next;
      count += load<u8>(mark) != search ? 1 : 0;
      store<u8>(mark, search);
    }
    at++;
    if (count == 0) continue;
    if (at < n) sink = load<i32>(linksOf(load<i32>(p, 12) & ~EXPANDED, layer));
    readAhead(fresh, count);
    similarities(own, factor, bias, shift, codes, codeStride, factors, biases, fresh, count, found);
    for (let i = 0; i < count; i++) {
      const similarity = load<f32>(found + (<usize>i << 2));
      if (n == most && !(similarity > load<f32>(list + (<usize>(n - 1) << 3)))) continue;
      const place = insert(list, n, most, similarity, load<i32>(fresh + (<usize>i << 2)));
      n = min(n + 1, most);
      at = min(at, place);
    }
  }
  return n;
}

/** From the entry point down to `layer`, always to the most similar neighbour: the list's only entry then. */
function descend(layer: i32, factor: f32, bias: f32, shift: i32): void {
  store<i32>(fresh, entry);
  similarities(own, factor, bias, shift, codes, codeStride, factors, biases, fresh, 1, found);
  store<f32>(list, load<f32>(found));
  store<i32>(list, entry, 4);
  for (let l = top; l > layer; l--) searchLayer(l, 1, 1, factor, bias, shift);
}

/**
 * Of n entries of a list, best first, the ones that are less similar to every entry chosen before than to what the list is of: at
 * most `most`, into `chosen`.
 *
 * @returns how many
 */
function select(from: usize, n: i32, most: i32): i32 {
  let count = 0;
  for (let i = 0; i < n && count < most; i++) {
    const p = from + (<usize>i << 3);
    const similarity = load<f32>(p), id = load<i32>(p, 4) & ~EXPANDED;
    let keep = true;
    if (count > 0) {
      signedFromCode(codes + <usize>id * codeStride, candidate, codeStride);
      const shift = 64 * signedSum(candidate, codeStride);
      for (let j = 0; j < count && keep; j += 8) {
        const some = min(8, count - j);
        compare(candidate, id, shift, chosen + (<usize>j << 2), some, found);
        for (let k = 0; k < some; k++) if (load<f32>(found + (<usize>k << 2)) > similarity) keep = false;
      }
    }
    if (!keep) continue;
    store<i32>(chosen + (<usize>count << 2), id);
    count++;
  }
  return count;
}

/** Links `from` to `to`; where there is no room the best selection of all its links stays. */
function link(from: i32, to: i32, layer: i32): void {
  const width = layer == 0 ? lowestWidth : upperWidth;
  const links = linksOf(from, layer);
  let n = 0;
  while (n < width && load<i32>(links + (<usize>n << 2)) >= 0) n++;
  if (n < width) {
    store<i32>(links + (<usize>n << 2), to);
    return;
  }
  memory.copy(fresh, links, <usize>n << 2);
  store<i32>(fresh + (<usize>n << 2), to);
  n++;
  readAhead(fresh, n);
  signedFromCode(codes + <usize>from * codeStride, other, codeStride);
  compare(other, from, 64 * signedSum(other, codeStride), fresh, n, found);
  for (let i = 0; i < n; i++) insert(near, i, n, load<f32>(found + (<usize>i << 2)), load<i32>(fresh + (<usize>i << 2)));
  const kept = select(near, n, width);
  memory.copy(links, chosen, <usize>kept << 2);
  memory.fill(links + (<usize>kept << 2), 255, <usize>(width - kept) << 2);
}

/**
 * Makes a document that has the codes of one of the list a twin of it, instead of linking it: equal documents would fill one
 * another's links and be cut off from all others.
 */
function joinTwin(id: i32, n: i32): bool {
  const own = codes + <usize>id * codeStride;
  const factor = load<f32>(factors + (<usize>id << 2));
  for (let i = 0; i < n; i++) {
    const head = load<i32>(list + (<usize>i << 3), 4) & ~EXPANDED;
    if (load<f32>(factors + (<usize>head << 2)) != factor) continue;
    if (memory.compare(codes + <usize>head * codeStride, own, codeStride) != 0) continue;
    const at = twins + (<usize>head << 2), next = twins + (<usize>id << 2);
    const last = load<i32>(at);
    if (last < 0) store<i32>(next, id);
    else {
      store<i32>(next, load<i32>(twins + (<usize>last << 2)));
      store<i32>(twins + (<usize>last << 2), id);
    }
    store<i32>(at, id);
    return true;
  }
  return false;
}

/** The list with its documents' twins behind them, at most so many, into `answers`. @returns how many */
function withTwins(n: i32, most: i32): i32 {
  let count = 0;
  for (let i = 0; i < n && count < most; i++) {
    const entry = load<u64>(list + (<usize>i << 3));
    store<u64>(answers + (<usize>count << 3), entry);
    count++;
    const last = load<i32>(twins + (<usize>((<i32>(entry >> 32)) & ~EXPANDED) << 2));
    if (last < 0) continue;
    for (let twin = load<i32>(twins + (<usize>last << 2)); count < most; twin = load<i32>(twins + (<usize>twin << 2))) {
      store<u64>(answers + (<usize>count << 3), (entry & 0xffffffff) | (<u64>twin << 32));
      count++;
      if (twin == last) break;
    }
  }
  return count;
}

/** Adds documents [from, to), whose layers (0: the lowest alone) are given a byte each; their links must be −1. */
export function addDocuments(from: i32, to: i32, layers: usize, expansion: i32): void {
  for (let id = from; id < to; id++) {
    const layer = <i32>load<u8>(layers + id);
    if (entry < 0) {
      entry = id;
      top = layer;
      continue;
    }
    signedFromCode(codes + <usize>id * codeStride, own, codeStride);
    const shift = 64 * signedSum(own, codeStride);
    const factor = load<f32>(factors + (<usize>id << 2)), bias = biasOf(id);
    descend(0, factor, bias, shift);
    let n = searchLayer(0, expansion, 1, factor, bias, shift);
    if (joinTwin(id, n)) continue;
    for (let l = 0; l <= min(layer, top); l++) { // upwards, so that no search comes upon the document itself
      if (l > 0) {
        descend(l, factor, bias, shift);
        n = searchLayer(l, expansion, 1, factor, bias, shift);
      }
      const count = select(list, n, l == 0 ? lowestWidth : upperWidth);
      memory.copy(linked, chosen, <usize>count << 2);
      memory.copy(linksOf(id, l), linked, <usize>count << 2);
      for (let i = 0; i < count; i++) link(load<i32>(linked + (<usize>i << 2)), id, l);
    }
    if (layer > top) {
      top = layer;
      entry = id;
    }
  }
}

/** The most similar documents to a row of floats by their codes, into {@link foundList}. @returns how many */
export function searchCodes(row: usize, stride: usize, expansion: i32): i32 {
  if (entry < 0) return 0;
  const factor = signedCode(row, stride, own, codeStride);
  const shift = 64 * signedSum(own, codeStride);
  descend(0, factor, 0, shift);
  return withTwins(searchLayer(0, expansion, 1, factor, 0, shift), expansion);
}

export function foundList(): usize {
  return answers;
}

export { encodeDocuments } from "./graph-codes";
export { rescore, scoreOf } from "./graph-scores";
