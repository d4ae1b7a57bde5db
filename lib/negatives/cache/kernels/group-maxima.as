// AssemblyScript: maxima of coarse scores within groups of cached rows.
//
// A chunk is 8 rows of 16 codes in [0, 127], 128 bytes: pair p of all rows side by side (r0 c2p, r0 c2p+1, r1 c2p, …).
// A query is 8 vectors of 16 bytes: its codes 2p, 2p+1 (signed) repeated 8 times.

// The largest score of the query in each of the 8 lanes (row mod 8) over `chunks` chunks, beside those at `scores`; the
// number of its chunk, counted from `first`, goes to `places`. The first one on ties.
@inline
function scan(query: usize, codes: usize, chunks: i32, first: i32, scores: usize, places: usize): void {
  const one = i16x8.splat(1);
  const q0 = v128.load(query), q1 = v128.load(query, 16), q2 = v128.load(query, 32), q3 = v128.load(query, 48);
  const q4 = v128.load(query, 64), q5 = v128.load(query, 80), q6 = v128.load(query, 96), q7 = v128.load(query, 112);
  let best = v128.load(scores), place = v128.load(places), here = i16x8.splat(<i16>first);
  let row = codes;
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
  v128.store(scores, best);
  v128.store(places, place);
}

@inline
function clear(scores: usize, places: usize): void {
  v128.store(scores, i16x8.splat(-32768));
  v128.store(places, i16x8.splat(0));
}

// Every row of every group. A group has `room` chunks, of which the first `chunks` hold rows.
export function groupMaxima(codes: usize, room: i32, chunks: i32, groups: i32, queries: usize, count: i32, scores: usize, places: usize): void {
  for (let g = 0; g < groups; g++) {
    for (let q = 0; q < count; q++) {
      const out = <usize>(q * groups + g) * 16;
      clear(scores + out, places + out);
      scan(queries + <usize>q * 128, codes + <usize>(g * room) * 128, chunks, 0, scores + out, places + out);
    }
  }
}

// Groups that begin with blocks of 32 similar rows (4 chunks), whose mean codes stand at `means`, 8 blocks a chunk: of each
// of the 8 lanes the best block is searched, then the `used[g]` chunks behind the blocks. `found` is room for 16 bytes.
export function blockMaxima(codes: usize, room: i32, means: usize, meanChunks: i32, used: usize, groups: i32, queries: usize, count: i32, scores: usize, places: usize, found: usize): void {
  const late = meanChunks * 32;
  for (let g = 0; g < groups; g++) {
    const group = codes + <usize>(g * room) * 128;
    const more = load<i32>(used + <usize>g * 4);
    for (let q = 0; q < count; q++) {
      const query = queries + <usize>q * 128;
      const out = <usize>(q * groups + g) * 16;
      clear(scores + out, found);
      scan(query, means + <usize>(g * meanChunks) * 128, meanChunks, 0, scores + out, found);
      clear(scores + out, places + out);
      for (let lane = 0; lane < 8; lane++) {
        const block = <i32>load<i16>(found + <usize>lane * 2) * 8 + lane;
        scan(query, group + <usize>block * 512, 4, block * 4, scores + out, places + out);
      }
      scan(query, group + <usize>late * 128, more, late, scores + out, places + out);
    }
  }
}

// Rows a and b of `dim` numbers, 4 sums side by side.
@inline
function dot(a: usize, b: usize, dim: i32): f32 {
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0);
  let d = 0;
  for (; d + 8 <= dim; d += 8) {
    const at = <usize>d * 4;
    s0 = f32x4.add(s0, f32x4.mul(v128.load(a + at), v128.load(b + at)));
    s1 = f32x4.add(s1, f32x4.mul(v128.load(a + at, 16), v128.load(b + at, 16)));
  }
  const s = f32x4.add(s0, s1);
  let sum = (f32x4.extract_lane(s, 0) + f32x4.extract_lane(s, 1)) + (f32x4.extract_lane(s, 2) + f32x4.extract_lane(s, 3));
  for (; d < dim; d++) sum += load<f32>(a + <usize>d * 4) * load<f32>(b + <usize>d * 4);
  return sum;
}

// Of the lanes of groupMaxima or blockMaxima, per query and group: the rows of the best `candidates` lanes (the first ones on
// ties) are scored exactly, and the best of them and its score go to `rows` and `exact`. `rowAt` says which row stands in each
// of a group's `room` chunks (-1 = none), `usable` which rows may be chosen (bytes). A group without any keeps its first row
// and -Infinity. Groups come first, so that a group's embeddings stay near for all queries.
export function exactMaxima(scores: usize, places: usize, rowAt: usize, room: i32, usable: usize, embeddings: usize, dim: i32, width: i32, groups: i32, queries: usize, count: i32, candidates: i32, exact: usize, rows: usize): void {
  for (let g = 0; g < groups; g++) {
    const places0 = rowAt + <usize>(g * room) * 32;
    for (let q = 0; q < count; q++) {
      const cell = <usize>(q * groups + g);
      const lanes = scores + cell * 16, chunks = places + cell * 16;
      const query = queries + <usize>(q * dim) * 4;
      let best: f32 = -Infinity, chosen = g * width, taken = 0;
      for (let c = 0; c < candidates; c++) {
        let lane = -1, top = -32769;
        for (let i = 0; i < 8; i++) {
          const score = <i32>load<i16>(lanes + <usize>i * 2);
          if (score > top && !(taken & (1 << i))) {
            top = score;
            lane = i;
          }
        }
        taken |= 1 << lane;
        const row = load<i32>(places0 + <usize>(<i32>load<i16>(chunks + <usize>lane * 2) * 8 + lane) * 4);
        if (row < 0 || !load<u8>(usable + <usize>row)) continue;
        const score = dot(query, embeddings + <usize>row * <usize>dim * 4, dim);
        if (score > best) {
          best = score;
          chosen = row;
        }
      }
      store<f32>(exact + cell * 4, best);
      store<i32>(rows + cell * 4, chosen);
    }
  }
}
