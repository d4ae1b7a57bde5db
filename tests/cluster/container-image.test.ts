import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { buildCommand } from "../../lib/cluster/container-image.js";

/** A Dockerfile's instructions, continued lines joined. */
function instructions(kind: string): string[] {
  const text = fs.readFileSync(`tools/containers/${kind}.Dockerfile`, "utf8").replaceAll("\\\n", " ");
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

describe("images", () => {
  it("are built by whichever builder with the words that it takes", () => {
    const file = path.resolve("tools/containers/cpu.Dockerfile");
    const tail = ["--file", file, "--tag", "registry/q:1", path.resolve(".")];
    expect(buildCommand("docker", { name: "registry/q:1", kind: "cpu" })).toEqual([
      "docker",
      "build",
      ...tail,
    ]);
    expect(buildCommand("buildah", { name: "registry/q:1", kind: "cpu", base: "localhost/base" })).toEqual([
      ...["buildah", "bud", "--layers", "--build-arg", "BASE=localhost/base"],
      ...tail,
    ]);
  });

  it.each(["cpu", "cuda"])(
    "of %s do not run as root, keep code after packages, and copy only what is let through",
    (kind) => {
      const lines = instructions(kind);
      expect(lines.filter((line) => line.startsWith("USER ")).at(-1)).toBe("USER 10001:10001");
      const packages = lines.findIndex((line) => line.includes("npm ci --omit=dev --ignore-scripts"));
      const code = lines.findIndex((line) => line.startsWith("COPY lib "));
      expect(packages).toBeGreaterThan(0);
      expect(code).toBeGreaterThan(packages);
      const allowed = fs
        .readFileSync(".dockerignore", "utf8")
        .split("\n")
        .flatMap((line) => (line.startsWith("!") ? [line.slice(1)] : []));
      const copied = lines.flatMap((line) => {
        const [word, ...rest] = line.split(/\s+/);
        return word === "COPY" && !rest[0]!.startsWith("--") ? rest.slice(0, -1) : [];
      });
      expect([...new Set(copied)].sort()).toEqual(allowed.sort());
      for (const name of copied) expect(fs.existsSync(name), name).toBe(true);
    },
  );
});
