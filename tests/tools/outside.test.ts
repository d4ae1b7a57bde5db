import { describe, expect, it } from "vitest";
import { outsideLog } from "../../tools/outside.mjs";
import { differences } from "../outside/places.js";

describe("the log of checks against other people's packages", () => {
  const test = (fullName: string, status: string, against?: string, failure?: string) => ({
    fullName,
    status,
    duration: 1234,
    meta: against === undefined ? {} : { against },
    failureMessages: failure === undefined ? [] : [failure],
  });

  it("has the date, how many passed, and a row for each check with its package and its fault", () => {
    const report = {
      testResults: [
        { assertionResults: [test("a | b", "passed", "torch 1.13.1")] },
        { assertionResults: [test("c", "failed", undefined, "Error: outside: none\n  at there")] },
      ],
    };
    const log = outsideLog(report, new Date(Date.UTC(2026, 10, 29, 18, 5, 59)));
    expect(log).toContain("2026-11-29 18:05 UTC");
    expect(log).toContain("1 of 2 passed");
    expect(log).toContain("| a \\| b | torch 1.13.1 | 1.2 s | passed |");
    expect(log).toContain("| c |  | 1.2 s | **failed**: Error: outside: none |");
  });
});

describe("differences between fixtures", () => {
  it("are numbers apart by more than the tolerance, other values that differ, and keys of one only", () => {
    expect(differences({ a: [1, 2000] }, { a: [1 + 1e-7, 2000.001] }, 1e-6)).toEqual([]);
    expect(differences({ a: [1, 2] }, { a: [1, 2.1] }, 1e-6)).toEqual(["/a/1: 2, 2.1"]);
    expect(differences({ a: "x", b: null }, { a: "y", c: null }, 1)).toEqual([
      '/a: "x", "y"',
      "/b: null, undefined",
      "/c: undefined, null",
    ]);
    expect(differences([1], [1, 2], 1)).toEqual(["/1: undefined, 2"]);
    expect(differences(Number.NaN, 1, 1)).toEqual([": NaN, 1"]);
  });
});
