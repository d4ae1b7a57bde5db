import { describe, expect, it } from "vitest";
import { gpuCheck, optionsOf } from "../../tools/gpu-check.mjs";

describe("gpu-check", () => {
  it("measures the CPU, and gives each way that this machine lacks a row that says so", async () => {
    const said: string[] = [];
    const table = await gpuCheck({ quick: true, ways: ["cuda"], say: (line: string) => said.push(line) });
    const rows = table.split("\n").filter((line: string) => line.startsWith("|"));
    expect(rows).toHaveLength(4);
    for (const row of rows) expect(row.split("|")).toHaveLength(9);
    const [, works, , ...speeds] = rows[2]!.slice(2).split(" | ");
    expect(works).toBe("yes");
    for (const speed of speeds.slice(0, 3)) expect(Number(speed.replaceAll(",", ""))).toBeGreaterThan(0);
    // with a GPU and its library the row has speeds and says whether the losses are equal
    expect(rows[3]).toMatch(
      /^\| ONNX Runtime, `provider: cuda` \| (no GPU: provider cuda: .*|yes \| equal .*)/,
    );
    expect(said.join("\n")).toContain("cpu: MiniLM …");
  });

  it("stops measuring when its minutes are over, and still prints the table", async () => {
    const table = await gpuCheck({ quick: true, ways: ["cpu"], minutes: 0.1 });
    expect(table).toContain("no time left");
  });

  it.each([
    [["--minutes", "20"], /--minutes must be from 1 to 15, got 20; usage:/],
    [["--ways", "cuda,rocm"], /--ways must be of cpu, webgpu, cuda, tensorflow, got "rocm"; usage:/],
    [["--fast"], /unknown argument "--fast"; usage:/],
  ])("refuses %s", (args, message) => {
    expect(() => optionsOf(args)).toThrow(message);
  });
});
