const SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
const SINES = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) | 0);
const encoder = new TextEncoder();

/**
 * MD5 of a text's UTF-8 bytes, 16 bytes: what ids of hashed tokens are made of, in Node and in browsers, whose WebCrypto
 * has no MD5 and no synchronous digest. Nothing that needs a secure hash may use it.
 *
 * @see RFC 1321
 */
export function md5(text: string): Uint8Array {
  const message = encoder.encode(text);
  const blocks = ((message.length + 8) >> 6) + 1;
  const view = new DataView(new ArrayBuffer(blocks * 64));
  new Uint8Array(view.buffer).set(message);
  view.setUint8(message.length, 0x80);
  view.setUint32(blocks * 64 - 8, message.length * 8, true);
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  for (let at = 0; at < view.byteLength; at += 64) addBlock(state, view, at);
  const digest = new DataView(new ArrayBuffer(16));
  state.forEach((word, i) => {
    digest.setInt32(i * 4, word, true);
  });
  return new Uint8Array(digest.buffer);
}

/** The 64 steps of one block of 64 bytes. */
function addBlock(state: Int32Array, view: DataView, at: number): void {
  let [a, b, c, d] = state as unknown as [number, number, number, number];
  for (let i = 0; i < 64; i++) {
    const round = i >> 4;
    const [mixed, word] = mixedBits(round, i, b, c, d);
    const sum = (mixed + a + SINES[i]! + view.getInt32(at + (word & 15) * 4, true)) | 0;
    const shift = SHIFTS[round * 4 + (i & 3)]!;
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0;
  }
  state[0]! += a;
  state[1]! += b;
  state[2]! += c;
  state[3]! += d;
}

/** The round's function of three words, and which word of the block is added. */
function mixedBits(round: number, i: number, b: number, c: number, d: number): [mixed: number, word: number] {
  if (round === 0) return [(b & c) | (~b & d), i];
  if (round === 1) return [(d & b) | (~d & c), 5 * i + 1];
  if (round === 2) return [b ^ c ^ d, 3 * i + 5];
  return [c ^ (b | ~d), 7 * i];
}
