import { existsSync, readFileSync } from "node:fs";
import { UserError } from "../files/user-error.js";

/** Where `tools/plotly-min.mjs` puts the minified build, and the package's own file; first one found is used. */
export const PLOTLY_FILES = [
  "node_modules/.cache/qdrl/plotly.min.js",
  "node_modules/plotly.js-dist/plotly.js",
];

/**
 * plotly.js as text that can stand inside a `<script>` element. Paths are relative to the working folder.
 *
 * @throws RangeError if no build is installed
 */
export function plotlySource(files: readonly string[] = PLOTLY_FILES): string {
  const file = files.find((candidate) => existsSync(candidate));
  if (file === undefined)
    throw new UserError(`plotlySource: one of ${files.join(", ")} must exist, got none; run npm ci`);
  return readFileSync(file, "utf8")
    .replace(/<\/script/gi, "<\\/script")
    .replace(/<!--/g, "<\\!--");
}
