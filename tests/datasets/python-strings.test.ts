import { describe, expect, it } from "vitest";
import { pythonStrings } from "../../lib/datasets/python-strings.js";

describe("pythonStrings", () => {
  it("reads lists and NumPy arrays as Python 3 prints them", () => {
    // repr(["it's", 'say "x"', "both ' and \"", "tab\t\n", "\\", "é\xa0\u2009\U0001f600\x00"])
    const list = `["it's", 'say "x"', 'both \\' and "', 'tab\\t\\n', '\\\\', 'é\\xa0\\u2009😀\\x00']`;
    const wanted = ["it's", 'say "x"', "both ' and \"", "tab\t\n", "\\", "é\xa0\u2009😀\0"];
    expect(pythonStrings(list)).toEqual(wanted);
    expect(pythonStrings("['one.'\n 'two, [3]']")).toEqual(["one.", "two, [3]"]);
    expect(pythonStrings("'\\U0001f600'")).toEqual(["😀"]);
    expect(pythonStrings("[]")).toEqual([]);
    expect(pythonStrings("''")).toEqual([""]);
  });

  it("refuses a literal that is not closed and escapes that Python does not have", () => {
    expect(() => pythonStrings("['open")).toThrow('literal must be closed with \', got "open…"');
    expect(() => pythonStrings("'\\q'")).toThrow('unknown escape "\\q"');
    expect(() => pythonStrings("'\\x4'")).toThrow("must be followed by 2 hexadecimal digits");
  });
});
