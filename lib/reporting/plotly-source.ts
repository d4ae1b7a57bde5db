import { existsSync, readFileSync } from "node:fs";
import { dependencyPath } from "../files/package-files.js";
import { UserError } from "../files/user-error.js";

/** Where `tools/plotly-min.mjs` puts the minified build, and the package's own file; first one found is used. */
const PLOTLY_FILES = [".cache/qdrl/plotly.min.js", "plotly.js-dist/plotly.js"];

/**
 * plotly.js as text that can stand inside a `<script>` element, without the address that it would upload figures to. Paths
 * are those of files in node_modules.
 *
 * @throws RangeError if no build is installed
 */
export function plotlySource(files: readonly string[] = PLOTLY_FILES): string {
  const file = files.map(dependencyPath).find((candidate) => existsSync(candidate));
  if (file === undefined)
    throw new UserError(`plotlySource: one of ${files.join(", ")} must exist, got none; run npm ci`);
  return withoutServer(readFileSync(file, "utf8"))
    .replace(/<\/script/gi, "<\\/script")
    .replace(/<!--/g, "<\\!--");
}

function withoutServer(source: string): string {
  return source.replaceAll("https://cloud.plotly.com/newchart", "");
}
