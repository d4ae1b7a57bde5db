// Finding a Python ≥ 3.10 to make the virtual environment with.
import { accessSync, constants } from "node:fs";
import path from "node:path";
import { runCommand } from "./run-command.mjs";

const NAMES = ["python3", "python3.13", "python3.12", "python3.11", "python3.10", "python3.14", "python"];

/** @returns {Promise<string | null>} path of the first Python ≥ 3.10: $PYTHON, else on PATH, else /usr/bin */
export async function findPython(env = process.env) {
  const candidates = env.PYTHON
    ? [env.PYTHON]
    : [...NAMES.map((name) => findOnPath(name, env)), "/usr/bin/python3"];
  for (const python of new Set(candidates)) {
    if (python === null) continue;
    const check = "import sys; sys.exit(sys.version_info < (3, 10))";
    if ((await runCommand(python, ["-c", check], { timeoutSec: 20 })).ok) return python;
  }
  return null;
}

/** @returns {string | null} the first executable of that name on PATH */
export function findOnPath(name, env = process.env) {
  for (const folder of (env.PATH ?? "").split(path.delimiter)) {
    if (folder === "") continue;
    const file = path.join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // not in this folder
    }
  }
  return null;
}

/** The interpreter inside a virtual environment. */
export function venvPython(folder) {
  return process.platform === "win32"
    ? path.join(folder, "Scripts/python.exe")
    : path.join(folder, "bin/python");
}
