// AssemblyScript (compiled by tools/build-cache-kernel.mjs): maxima of coarse scores within groups of cached rows.
//
// A chunk is 8 rows of 16 codes in [0, 127], 128 bytes: pair p of all rows side by side (r0 c2p, r0 c2p+1, r1 c2p, …).
// A query is 8 vectors of 16 bytes: its codes 2p, 2p+1 (signed) repeated 8 times. For every query and group: the largest
// score in each of the 8 lanes (row mod 8) and the number of its chunk within the group, the first one on ties.
export function groupMaxima(codes: usize, chunks: i32, groups: i32, queries: usize, count: i32, scores: usize, places: usize): void {
  const one = i16x8.splat(1);
  for (let g = 0; g < groups; g++) {
    for (let q = 0; q < count; q++) {
      const at = queries + <usize>q * 128;
      const q0 = v128.load(at), q1 = v128.load(at, 16), q2 = v128.load(at, 32), q3 = v128.load(at, 48);
      const q4 = v128.load(at, 64), q5 = v128.load(at, 80), q6 = v128.load(at, 96), q7 = v128.load(at, 112);
      let best = i16x8.splat(-32768), place = i16x8.splat(0), here = i16x8.splat(0);
      let row = codes + <usize>(g * chunks) * 128;
      for (let c = 0; c < chunks; c++) {
        const a = i16x8.add_sat_s(i16x8.relaxed_dot_i8x16_i7x16_s(q0, v128.load(row)), i16x8.relaxed_dot_i8x16_i7x16_s(q1, v128.load(row, 16)));
        const b = i16x8.add_sat_s(i16x8.relaxed_dot_i8x16_i7x16_s(q2, v128.load(row, 32)), i16x8.relaxed_dot_i8x16_i7x16_s(q3, v128.load(row, 48)));
        const d = i16x8.add_sat_s(i16x8.relaxed_dot_i8x16_i7x16_s(q4, v128.load(row, 64)), i16x8.relaxed_dot_i8x16_i7x16_s(q5, v128.load(row, 80)));
        const e = i16x8.add_sat_s(i16x8.relaxed_dot_i8x16_i7x16_s(q6, v128.load(row, 96)), i16x8.relaxed_dot_i8x16_i7x16_s(q7, v128.load(row, 112)));
        const score = i16x8.add_sat_s(i16x8.add_sat_s(a, b), i16x8.add_sat_s(d, e));
        const better = i16x8.gt_s(score, best);
        best = i16x8.max_s(score, best);
        place = v128.bitselect(here, place, better);
        here = i16x8.add(here, one);
        row += 128;
      }
      const out = <usize>(q * groups + g) * 16;
      v128.store(scores + out, best);
      v128.store(places + out, place);
    }
  }
}
