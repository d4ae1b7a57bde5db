// Distinct words of bags of ids; see lib/engine/tables/distinct-words.ts.

// Cuts bags ids [size, length] (0 = padding) before every id below firstNgram, into wordsLimit words at most, and keeps equal
// words once: word u is own[starts[u] … starts[u + 1]). Bag b's words go to bagWords[bagStarts[b] … bagStarts[b + 1]),
// 1 / (its number of ids), or 0, to shares[b]. slots: open addressing, mask + 1 (a power of two) of them, 0 = free; slotOf[u] = the
// slot of word u. state: words so far, words named so far; both grow.
export function cutWords(
  ids: usize, length: i32, size: i32, firstNgram: i32, wordsLimit: i32,
  own: usize, starts: usize, bagWords: usize, bagStarts: usize, shares: usize,
  slots: usize, mask: i32, slotOf: usize, state: usize,
): void {
  let count = load<i32>(state), named = load<i32>(state, 4);
  for (let b = 0; b < size; b++) {
    let end = ids + <usize>length * 4;
    const next = end;
    while (end >= ids + 16 && !v128.any_true(v128.load(end - 16))) end -= 16;
    let begin = own + <usize>load<i32>(starts + <usize>count * 4) * 4;
    let to = begin;
    let hash: u32 = 0;
    let total = 0, cut = 1;
    for (let p = ids; p < end; p += 4) {
      const id = load<i32>(p);
      if (id == 0) continue;
      if (id < firstNgram && to > begin && cut < wordsLimit) {
        const word = numberOf(begin, to, hash, count, own, starts, slots, mask, slotOf);
        if (word == count) count++;
        else to = begin;
        store<i32>(bagWords + <usize>(named++) * 4, word);
        begin = to;
        hash = 0;
        cut++;
      }
      store<i32>(to, id);
      to += 4;
      hash = (hash ^ <u32>id) * 0x9e3779b1;
      total++;
    }
    if (to > begin) {
      const word = numberOf(begin, to, hash, count, own, starts, slots, mask, slotOf);
      if (word == count) count++;
      store<i32>(bagWords + <usize>(named++) * 4, word);
    }
    store<f32>(shares + <usize>b * 4, total ? <f32>1 / <f32>total : 0);
    store<i32>(bagStarts + <usize>(b + 1) * 4, named);
    ids = next;
  }
  store<i32>(state, count);
  store<i32>(state, named, 4);
}

// The number of the word [begin, end): that of an equal one, or `count`, under which it is then kept.
function numberOf(begin: usize, end: usize, hash: u32, count: i32, own: usize, starts: usize, slots: usize, mask: i32, slotOf: usize): i32 {
  let slot = <i32>(hash ^ (hash >>> 15)) & mask;
  for (;;) {
    const known = load<i32>(slots + <usize>slot * 4);
    if (known == 0) break;
    const at = starts + <usize>(known - 1) * 4;
    const from = own + <usize>load<i32>(at) * 4;
    if (own + <usize>load<i32>(at, 4) * 4 - from == end - begin && isSame(from, begin, end)) return known - 1;
    slot = (slot + 1) & mask;
  }
  store<i32>(slots + <usize>slot * 4, count + 1);
  store<i32>(slotOf + <usize>count * 4, slot);
  store<i32>(starts + <usize>(count + 1) * 4, <i32>((end - own) >>> 2));
  return count;
}

function isSame(a: usize, b: usize, end: usize): bool {
  for (; b + 16 <= end; a += 16, b += 16) if (v128.any_true(v128.xor(v128.load(a), v128.load(b)))) return false;
  for (; b < end; a += 4, b += 4) if (load<i32>(a) != load<i32>(b)) return false;
  return true;
}

// The bags of each word, in order: word u's are wordBags[wordBagStarts[u] … wordBagStarts[u + 1]), from bags [from, to).
export function invertWords(bagWords: usize, bagStarts: usize, from: i32, to: i32, count: i32, wordBags: usize, wordBagStarts: usize): void {
  memory.fill(wordBagStarts, 0, <usize>(count + 1) * 4);
  const end = load<i32>(bagStarts + <usize>to * 4);
  for (let i = load<i32>(bagStarts + <usize>from * 4); i < end; i++) {
    const p = wordBagStarts + <usize>(load<i32>(bagWords + <usize>i * 4) + 1) * 4;
    store<i32>(p, load<i32>(p) + 1);
  }
  for (let u = 1; u <= count; u++) {
    const p = wordBagStarts + <usize>u * 4;
    store<i32>(p, load<i32>(p) + load<i32>(p - 4));
  }
  // each start moves to its end, which is the next one's start
  for (let b = from; b < to; b++) {
    const last = load<i32>(bagStarts + <usize>(b + 1) * 4);
    for (let i = load<i32>(bagStarts + <usize>b * 4); i < last; i++) {
      const p = wordBagStarts + <usize>load<i32>(bagWords + <usize>i * 4) * 4;
      const k = load<i32>(p);
      store<i32>(wordBags + <usize>k * 4, b);
      store<i32>(p, k + 1);
    }
  }
  memory.copy(wordBagStarts + 4, wordBagStarts, <usize>count * 4);
  store<i32>(wordBagStarts, 0);
}

// the largest of n ids, read as unsigned, so that negative ones are large
export function largestId(ids: usize, n: i32): u32 {
  let tops = i32x4.splat(0);
  const end = ids + <usize>n * 4;
  for (; ids + 16 <= end; ids += 16) tops = i32x4.max_u(tops, v128.load(ids));
  let top = max(
    max(<u32>i32x4.extract_lane(tops, 0), <u32>i32x4.extract_lane(tops, 1)),
    max(<u32>i32x4.extract_lane(tops, 2), <u32>i32x4.extract_lane(tops, 3)),
  );
  for (; ids < end; ids += 4) top = max(top, load<u32>(ids));
  return top;
}
