import { describe, expect, it } from "vitest";
import { comparisonKey, phraseKey, phraseSetKey } from "../../lib/datasets/comparison-keys.js";

describe("comparison keys", () => {
  it("are letters and digits of any script, case and accents folded, or the text itself where there are none", () => {
    expect(comparisonKey("Red -  Shoe!")).toBe("red shoe");
    expect(comparisonKey("СОБАКА, ё")).toBe("собака е");
    expect(comparisonKey("Żółw café STRASSE straße")).toBe("zolw cafe strasse strasse");
    expect(comparisonKey("İstanbul ISPARTA ısparta")).toBe("istanbul isparta isparta");
    expect(comparisonKey("ΣΊΣΥΦΟΣ")).toBe(comparisonKey("Σίσυφος"));
    expect(comparisonKey("हिन्दी")).not.toBe(comparisonKey("हिन्द"));
    expect(comparisonKey("ｆｕｌｌ ｶﾞ")).toBe("full ガ");
    expect([comparisonKey("!?"), comparisonKey("♪")]).toEqual(["!?", "♪"]);
  });

  it("take queries for one another only if nothing that tells words apart differs", () => {
    const apart = [
      "c",
      "c#",
      "c++",
      "3.14",
      "314",
      "24/7",
      "247",
      "5%",
      "5",
      "50 €",
      "50 $",
      "@home",
      "home",
    ];
    expect(new Set(apart.map(phraseKey)).size).toBe(apart.length);
    expect(new Set(apart.map((text) => phraseSetKey(`learn ${text}`))).size).toBe(apart.length);
    for (const same of ["“E-mail”, please.", "email please", "E‑MAIL (please)!", " email\n please"])
      expect(phraseKey(same)).toBe("email please");
    expect(phraseSetKey("c++ learn")).toBe(phraseSetKey("Learn C++"));
    expect(phraseKey("собака")).not.toBe(phraseKey("кошка"));
  });
});
