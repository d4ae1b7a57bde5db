// Chromium: only for page tests and static pictures of figures.
import { existsSync } from "node:fs";
import path from "node:path";
import { aptInstall, mayUseApt } from "./apt.mjs";
import { tail } from "./run-command.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/**
 * @param {Record<string, string | undefined>} [env]
 * @returns {string | null} path of the browser: $CHROMIUM, else one on PATH
 */
export function findChromium(env = process.env) {
  if (env.CHROMIUM) return existsSync(env.CHROMIUM) ? env.CHROMIUM : null;
  const folders = [...(env.PATH ?? "").split(path.delimiter), "/usr/bin"];
  for (const name of NAMES) {
    for (const folder of folders) {
      const file = path.join(folder, name);
      if (folder !== "" && existsSync(file)) return file;
    }
  }
  return existsSync(MAC) ? MAC : null;
}

/** Finds or, as root on Debian, installs Chromium; null (and a plain line) where neither works. */
export async function ensureChromium(say) {
  const found = findChromium();
  if (found) return found;
  const missing = "Chromium: not found; page tests and PNG/SVG pictures are left out";
  if (process.env.CHROMIUM) {
    say(`${missing}. $CHROMIUM names a file that is not there: ${process.env.CHROMIUM}`);
    return null;
  }
  if (!mayUseApt()) {
    say(`${missing}. To install it: sudo apt-get install chromium (or set CHROMIUM=/path/to/chrome)`);
    return null;
  }
  say("Chromium: apt-get install chromium fonts-dejavu-core");
  const result = await aptInstall(["chromium", "fonts-dejavu-core"], "Chromium: apt-get install");
  if (!result.ok) say(`${missing}: apt-get failed (${result.reason})\n${tail(result.output, 3)}`);
  return findChromium();
}
