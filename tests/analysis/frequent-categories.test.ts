import { expect, it } from "vitest";
import { frequentCategories } from "../../lib/analysis/frequent-categories.js";

it("keeps the most frequent categories, ties by name, and makes the rest one", () => {
  const categories = ["c", "a", "b", "c", "b", "a", "d"];
  expect(frequentCategories(categories, 2)).toEqual(["other", "a", "b", "other", "b", "a", "other"]);
  expect(frequentCategories(categories, 4)).toEqual(categories);
  expect(frequentCategories([], 2)).toEqual([]);
});
