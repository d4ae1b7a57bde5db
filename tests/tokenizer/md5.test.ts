import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Random } from "../../lib/engine/random/random.js";
import { md5 } from "../../lib/tokenizer/md5.js";

const openssl = (text: string): string => createHash("md5").update(text, "utf8").digest("hex");
const ours = (text: string): string => Buffer.from(md5(text)).toString("hex");

describe("md5", () => {
  it("is RFC 1321's for the examples of its appendix", () => {
    expect(ours("")).toBe("d41d8cd98f00b204e9800998ecf8427e");
    expect(ours("abc")).toBe("900150983cd24fb0d6963f7d28e17f72");
    expect(ours("message digest")).toBe("f96b697d7cb7938d525a2f31aaf161d0");
  });

  it("equals OpenSSL's for every length up to four blocks, so that the padding is right at each of them", () => {
    for (let length = 0; length <= 256; length++) {
      const text = "x".repeat(length);
      expect(ours(text), `${length}`).toBe(openssl(text));
    }
  });

  it("equals OpenSSL's for random texts of any script", () => {
    const random = new Random(4);
    for (let i = 0; i < 3000; i++) {
      const text = Array.from({ length: random.int(12) }, () =>
        String.fromCodePoint(0x20 + random.int(i % 2 ? 0x5f : 0xd000)),
      ).join("");
      expect(ours(text), text).toBe(openssl(text));
    }
    expect(ours("😀 lone \ud800")).toBe(openssl("😀 lone \ud800"));
  });
});
