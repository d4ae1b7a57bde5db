#!/usr/bin/env node
// Writes the generated pages of docs/ from the sources: npm run docs. With --check it writes nothing and fails if a
// page is not what the sources say.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { configurationPage } from "./docs/configuration.mjs";
import { contentsPage } from "./docs/contents.mjs";
import { fitPage } from "./docs/fit.mjs";
import { jitPage } from "./docs/jit.mjs";
import { lossesPage } from "./docs/losses.mjs";

process.chdir(path.resolve(fileURLToPath(import.meta.url), "../.."));
const check = process.argv.includes("--check");
const pages = {
  "docs/configuration.md": configurationPage,
  "docs/contents.md": contentsPage,
  "docs/fit.md": fitPage,
  "docs/jit.md": jitPage,
  "docs/losses.md": lossesPage,
};
for (const [file, page] of Object.entries(pages)) {
  const text = await page();
  if (!check) {
    writeFileSync(file, text);
    console.log(`${file}: ${text.length} characters`);
  } else if (read(file) !== text) {
    console.error(`${file}: must be what the sources say, is not; run: npm run docs`);
    process.exitCode = 1;
  }
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
