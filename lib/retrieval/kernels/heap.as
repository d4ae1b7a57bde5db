// Heap of one query: f32 threshold, i32 size, i32 excluded id (−1: none), u32 address of document ids by position (0:
// the position is the id), then k pairs (f32 score, i32 id), the worst pair first. The threshold is the score to beat:
// −∞ until the heap is full, then the worst score kept or, where ids do not ascend with the positions, the float below
// it, so that a tie with a lower id gets its chance.

@inline
function slot(heap: usize, i: i32): usize {
  return heap + 16 + ((<usize>i) << 3);
}

@inline
function worse(scoreA: f32, idA: i32, scoreB: f32, idB: i32): bool {
  return scoreA < scoreB || (scoreA == scoreB && idA > idB);
}

function siftDown(heap: usize, size: i32, score: f32, id: i32): void {
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= size) break;
    let c = slot(heap, child);
    if (child + 1 < size && worse(load<f32>(c, 8), load<i32>(c, 12), load<f32>(c), load<i32>(c, 4))) { child++; c += 8; }
    const childScore = load<f32>(c), childId = load<i32>(c, 4);
    if (!worse(childScore, childId, score, id)) break;
    const p = slot(heap, at);
    store<f32>(p, childScore); store<i32>(p, childId, 4);
    at = child;
  }
  const p = slot(heap, at);
  store<f32>(p, score); store<i32>(p, id, 4);
}

/** The next float below a finite one. */
@inline function below(x: f32): f32 {
  const bits = reinterpret<i32>(x);
  if (x > 0) return reinterpret<f32>(bits - 1);
  return x == 0 ? reinterpret<f32>(0x80000001) : reinterpret<f32>(bits + 1);
}

/** Considers one pair whose score beats the threshold. NaN never gets here. */
export function insert(heap: usize, k: i32, score: f32, position: i32, keep: usize): void {
  const ids = <usize>load<u32>(heap, 12);
  const id = ids ? load<i32>(ids + (<usize>position << 2)) : position;
  if (keep && !((load<u8>(keep + (<usize>id >> 3)) >> (<u8>id & 7)) & 1)) return;
  if (id == load<i32>(heap, 8)) return;
  const size = load<i32>(heap, 4);
  if (size == k) {
    if (!worse(load<f32>(heap, 16), load<i32>(heap, 20), score, id)) return;
    siftDown(heap, k, score, id);
  } else {
    let at = size;
    while (at > 0) {
      const parent = (at - 1) >> 1, p = slot(heap, parent);
      const parentScore = load<f32>(p), parentId = load<i32>(p, 4);
      if (!worse(score, id, parentScore, parentId)) break;
      const to = slot(heap, at);
      store<f32>(to, parentScore); store<i32>(to, parentId, 4);
      at = parent;
    }
    const to = slot(heap, at);
    store<f32>(to, score); store<i32>(to, id, 4);
    store<i32>(heap, size + 1, 4);
    if (size + 1 < k) return;
  }
  const worst = load<f32>(heap, 16);
  store<f32>(heap, ids ? below(worst) : worst);
}

@inline export function heapBytes(k: i32): usize {
  return 16 + 8 * <usize>k;
}

/** Four queries against one document's four scores. */
export function insertColumn(heaps: usize, heapStride: usize, k: i32, scores: v128, id: i32, keep: usize): void {
  const s0 = f32x4.extract_lane(scores, 0), s1 = f32x4.extract_lane(scores, 1), s2 = f32x4.extract_lane(scores, 2), s3 = f32x4.extract_lane(scores, 3);
  if (s0 > load<f32>(heaps)) insert(heaps, k, s0, id, keep);
  heaps += heapStride;
  if (s1 > load<f32>(heaps)) insert(heaps, k, s1, id, keep);
  heaps += heapStride;
  if (s2 > load<f32>(heaps)) insert(heaps, k, s2, id, keep);
  heaps += heapStride;
  if (s3 > load<f32>(heaps)) insert(heaps, k, s3, id, keep);
}

@inline export function thresholds(heaps: usize, heapStride: usize): v128 {
  let t = v128.load32_zero(heaps);
  t = f32x4.replace_lane(t, 1, load<f32>(heaps + heapStride));
  t = f32x4.replace_lane(t, 2, load<f32>(heaps + 2 * heapStride));
  return f32x4.replace_lane(t, 3, load<f32>(heaps + 3 * heapStride));
}

/** One query against four neighbouring documents, of which the first `count` exist. */
export function insertRow(heap: usize, k: i32, scores: v128, id: i32, count: i32, keep: usize): void {
  const s0 = f32x4.extract_lane(scores, 0), s1 = f32x4.extract_lane(scores, 1), s2 = f32x4.extract_lane(scores, 2), s3 = f32x4.extract_lane(scores, 3);
  if (s0 > load<f32>(heap)) insert(heap, k, s0, id, keep);
  if (count > 1 && s1 > load<f32>(heap)) insert(heap, k, s1, id + 1, keep);
  if (count > 2 && s2 > load<f32>(heap)) insert(heap, k, s2, id + 2, keep);
  if (count > 3 && s3 > load<f32>(heap)) insert(heap, k, s3, id + 3, keep);
}

/** Empties the heaps. ids: address of the document ids by position, or 0. */
export function resetHeaps(heaps: usize, queryCount: i32, k: i32, ids: usize): void {
  for (let q = 0; q < queryCount; q++) {
    store<f32>(heaps, -Infinity); store<i32>(heaps, 0, 4); store<i32>(heaps, -1, 8); store<u32>(heaps, <u32>ids, 12);
    heaps += heapBytes(k);
  }
}

/** Sorts each heap's pairs best first, in place; sizes stay in the heads. */
export function sortHeaps(heaps: usize, queryCount: i32, k: i32): void {
  for (let q = 0; q < queryCount; q++) {
    for (let last = load<i32>(heaps, 4) - 1; last > 0; last--) {
      const p = slot(heaps, last), root = slot(heaps, 0);
      const score = load<f32>(p), id = load<i32>(p, 4);
      store<f32>(p, load<f32>(root)); store<i32>(p, load<i32>(root, 4), 4);
      siftDown(heaps, last, score, id);
    }
    heaps += heapBytes(k);
  }
}

