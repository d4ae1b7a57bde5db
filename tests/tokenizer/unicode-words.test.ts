import { describe, expect, it } from "vitest";
import { cleaningOf } from "../../lib/tokenizer/text-cleaning.js";
import { cleanUnicode, lettersOf, unicodeTokens } from "../../lib/tokenizer/unicode-words.js";

describe("cleanUnicode", () => {
  it("folds case and compatibility forms in any script, Turkish i, ß and final sigma too", () => {
    for (const [one, other] of [
      ["İSTANBUL ISPARTA", "istanbul ısparta"],
      ["STRAẞE STRASSE", "straße strasse"],
      ["ΣΊΣΥΦΟΣ", "Σίσυφος"],
      ["КРАСНЫЙ Стол", "красный стол"],
      ["ﬁne ﾊﾟｿｺﾝ ｆｕｌｌ", "fine パソコン full"],
      ["e\u0301cole", "École"],
    ] as const)
      expect(cleanUnicode(one)).toBe(cleanUnicode(other));
    expect(cleanUnicode("sık")).toBe("sik");
  });

  it("separates at white space of any kind, hyphens, slashes and other punctuation", () => {
    for (const between of [
      "\n",
      "\r\n",
      "\t",
      "\u00a0",
      "\u2028",
      "\u3000",
      "\u200b",
      "-",
      "–",
      "/",
      "_",
      " ’ ",
      "。",
      "、",
      ", ",
    ])
      expect(cleanUnicode(`thin${between}wing`), JSON.stringify(between)).toBe("thin wing");
  });

  it("keeps what tells words apart, and the marks of their letters", () => {
    expect(cleanUnicode("Learn C++, c# & C: 3.14 is not 314; 1,000")).toBe(
      "learn c++ c# c 3.14 is not 314 1,000",
    );
    for (const text of ["हिन्दी", "ภาษาไทย", "العَرَبِيَّة", "żółw"]) expect(cleanUnicode(text)).toBe(text);
    expect(cleanUnicode("soft\u00adhyphen می\u200cخواهم")).toBe("softhyphen میخواهم");
    expect(cleanUnicode("😀 — !?")).toBe("");
  });

  it("changes no text a second time, whatever character is in it", () => {
    for (let code = 0; code < 0x30000; code++) {
      if (code >= 0xd800 && code < 0xe000) continue;
      const character = String.fromCodePoint(code);
      const once = cleanUnicode(`a${character}b ${character}`);
      if (cleanUnicode(once) !== once)
        expect.fail(`U+${code.toString(16)}: ${once} and ${cleanUnicode(once)}`);
    }
  });
});

describe("unicodeTokens", () => {
  it("cuts scripts without spaces into characters and pairs, and leaves the others alone", () => {
    expect(unicodeTokens(cleanUnicode("人工智AI 猫"))).toEqual([
      "人",
      "人工",
      "工",
      "工智",
      "智",
      "ai",
      "猫",
    ]);
    expect(unicodeTokens(cleanUnicode("กำลัง"))).toEqual(
      lettersOf(cleanUnicode("กำลัง")).flatMap((letter, i, all) =>
        i + 1 < all.length ? [letter, letter + all[i + 1]!] : [letter],
      ),
    );
    expect(unicodeTokens("красный стол")).toEqual(["красный", "стол"]);
    expect(unicodeTokens("")).toEqual([]);
  });

  it("is what the cleaning called unicode segments by; the published one leaves texts as they are", () => {
    expect(cleaningOf("unicode").segment("北京 ai")).toBe("北 北京 京 ai");
    expect(cleaningOf("published").segment("a  b")).toBe("a  b");
  });
});
