/** How a text is cleaned before it is cut into word-pieces. */
export interface BasicWordOptions {
  /** lower case every character (the "uncased" models) */
  lowercase: boolean;
  /** decompose and drop non-spacing marks; null: as `lowercase` */
  stripAccents: boolean | null;
  /** put every CJK ideograph on its own */
  splitChinese: boolean;
}

const plainText = /^[ a-zA-Z0-9]*$/;
const dropped = /[\0\ufffd]|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}]/gu;
const whiteSpace = /[\t\n\r\s\u0085]/gu; // \s leaves out U+0085, which counts here (and was a control before)
// the fifth range begins at 2B920 where Unicode's begins at 2B820, as in the reference
const ideograph =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;
const nonSpacingMark = /\p{Mn}/gu;
const pieces = /[\p{P}$+<=>^`|~]|[^\p{P}$+<=>^`|~ ]+/gu;

/**
 * Words of a text as BERT's basic tokenizer cuts them: control characters dropped, white space and ideographs set
 * apart, accents stripped and letters lowered where asked, every punctuation mark (all of ASCII's, and Unicode's P)
 * a word of its own.
 *
 * Letters are lowered one by one, so a final Σ becomes σ. Marks and format characters that Unicode added after
 * version 8 are dropped here while the reference keeps them (as unknown words).
 *
 * @see Hugging Face tokenizers, BertNormalizer and BertPreTokenizer; Devlin et al. 2019, arXiv:1810.04805
 */
export function basicWords(text: string, options: BasicWordOptions): string[] {
  let clean = text;
  if (plainText.test(clean)) {
    if (options.lowercase) clean = clean.toLowerCase();
  } else {
    clean = clean.replace(dropped, "").replace(whiteSpace, " ");
    if (options.splitChinese) clean = clean.replace(ideograph, " $& ");
    if (options.stripAccents ?? options.lowercase) clean = clean.normalize("NFD").replace(nonSpacingMark, "");
    if (options.lowercase) clean = lowerEach(clean);
  }
  return clean.match(pieces) ?? [];
}

function lowerEach(text: string): string {
  // only Σ depends on its neighbours in JavaScript's toLowerCase
  return text.includes("Σ") ? text.replaceAll("Σ", "σ").toLowerCase() : text.toLowerCase();
}
