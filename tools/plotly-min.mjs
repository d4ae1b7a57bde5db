// plotly.js-dist brings plotly.js unminified (10 MB). Minified once into node_modules/.cache/qdrl/plotly.min.js
// (4.5 MB): notebook HTML inlines that file, and live Jupyter serves it from `files/…`.
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";

/** Where plotly's "Share chart…" would upload a figure's data to; lib/reporting turns the button off as well. */
const SERVER = "https://cloud.plotly.com/newchart";

/** Relative to the root of the workspace. */
export const PLOTLY_MIN = "node_modules/.cache/qdrl/plotly.min.js";

/**
 * @param {string} root
 * @param {(line: string) => void} say
 * @returns {Promise<string>} absolute path of the minified file
 */
export async function ensurePlotlyMin(root, say) {
  const source = path.join(root, "node_modules/plotly.js-dist/plotly.js");
  const target = path.join(root, PLOTLY_MIN);
  const manifest = JSON.parse(
    readFileSync(path.join(root, "node_modules/plotly.js-dist/package.json"), "utf8"),
  );
  const stamp = `plotly.js ${manifest.version}, ${statSync(source).size} bytes, no server`;
  if (isCurrent(target, stamp)) return target;
  const started = Date.now();
  const { transform } = await import("esbuild");
  const { code } = await transform(readFileSync(source, "utf8"), {
    minify: true,
    target: "es2020",
    legalComments: "inline",
    charset: "ascii", // stays whole whatever encoding a page is read in
  });
  mkdirSync(path.dirname(target), { recursive: true });
  // "</script" inside a script element would end it
  replaceFile(target, code.replaceAll(SERVER, "").replace(/<\/script/gi, "<\\/script"));
  replaceFile(`${target}.stamp`, stamp);
  say(`plotly.js: minified in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return target;
}

function isCurrent(target, stamp) {
  try {
    return statSync(target).size > 0 && readFileSync(`${target}.stamp`, "utf8") === stamp;
  } catch {
    return false;
  }
}

function replaceFile(file, text) {
  const temporary = `${file}.${process.pid}.tmp`;
  writeFileSync(temporary, text);
  renameSync(temporary, file);
}
