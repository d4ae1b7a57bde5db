/** The two words of the last {@link hashText}, so that a hash of 64 bits costs no object. */
export const hashWords = new Int32Array(2);

/**
 * 64-bit hash of a text's UTF-16 units into {@link hashWords}: two multiplicative hashes with different factors, each mixed
 * into the other at the end. Of n different texts about n²/2⁶⁵ pairs are taken for equal: .00002 of 30 million.
 */
export function hashText(text: string): void {
  let a = 0x3a8f05c5;
  let b = 0x165667b1;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x9e3779b1);
    b = Math.imul(b ^ unit, 0x5f356495);
  }
  a = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35);
  b = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35);
  hashWords[0] = a;
  hashWords[1] = b;
}

/** 32 bits of a text. */
export function hash32(text: string): number {
  hashText(text);
  return hashWords[0]! >>> 0;
}
