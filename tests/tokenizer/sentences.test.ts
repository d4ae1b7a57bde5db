import { describe, expect, it } from "vitest";
import { sentencesOf } from "../../lib/tokenizer/sentences.js";

describe("sentencesOf", () => {
  it("splits at ends of sentences, not at decimal points or lower-case abbreviations", () => {
    expect(sentencesOf("At 28 wk it was 1.8 microm2/ms. Did it fall?  It did: p = 0.016!")).toEqual([
      "At 28 wk it was 1.8 microm2/ms.",
      "Did it fall?",
      "It did: p = 0.016!",
    ]);
    expect(sentencesOf("Strains of E. coli, e.g. those of humans.\nNew line.")).toEqual([
      "Strains of E. coli, e.g. those of humans.",
      "New line.",
    ]);
    expect(sentencesOf("Shown by Dr. Smith.")).toEqual(["Shown by Dr.", "Smith."]); // the known limit
  });

  it("leaves short scraps and empty texts out", () => {
    expect(sentencesOf("Results. We found that mice slept.", 3)).toEqual(["We found that mice slept."]);
    expect(sentencesOf("one two three", 3)).toEqual(["one two three"]);
    expect(sentencesOf("one two three", 4)).toEqual([]);
    for (const empty of ["", "  \n "]) expect(sentencesOf(empty)).toEqual([]);
  });
});
