import { laneSums, step } from "./lanes";

const DOCUMENT: i32 = 0x7fffffff;

/** Replaces the codes' similarities of the n entries of a list by those of floats, kind 0 q·d, 1 −‖q − d‖; best first, lower id first. */
export function rescore(list: usize, n: i32, query: usize, rows: usize, stride: usize, kind: i32): void {
  let sink = 0;
  for (let i = 0; i < n; i++) {
    const row = rows + <usize>(load<i32>(list + (<usize>i << 3), 4) & DOCUMENT) * stride;
    for (let o: usize = 0; o < stride; o += 64) sink += load<i32>(row + o);
  }
  for (let i = 0; i < n; i++) {
    const p = list + (<usize>i << 3);
    const id = load<i32>(p, 4) & DOCUMENT;
    let score = scoreOf(query, rows + <usize>id * stride, stride, kind);
    let at = p;
    for (; at > list; at -= 8) {
      const before = load<f32>(at - 8);
      if (before > score || (before == score && load<i32>(at - 4) < id)) break;
      store<u64>(at, load<u64>(at - 8));
    }
    store<f32>(at, score);
    store<i32>(at, id, 4);
  }
  rescoreSink = sink;
}

let rescoreSink: i32 = 0; // rows are read ahead of their use, so that many wait for memory at once

export function scoreOf(query: usize, row: usize, stride: usize, kind: i32): f32 {
  let sum = f32x4.splat(0);
  for (let o: usize = 0; o < stride; o += 16) sum = step(kind == 1, v128.load(query + o), v128.load(row + o), sum);
  const total = f32x4.extract_lane(laneSums(sum, sum, sum, sum), 0);
  return kind == 1 ? -sqrt<f32>(total) : total;
}
