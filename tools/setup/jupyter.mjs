// Jupyter: .venv from requirements.txt; where pip reaches no index, a Jupyter already on PATH; else Debian's
// packages; else a message naming the commands. Whichever it is, the kernel is ours (.jupyter/kernels).
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { aptInstall, mayUseApt } from "./apt.mjs";
import { registerKernel } from "./jupyter-kernel.mjs";
import { findOnPath, findPython, venvPython } from "./python.mjs";
import { runCommand, tail } from "./run-command.mjs";

const IMPORTS = "import jupyter_client, nbclient, nbconvert, nbformat";
const DEBIAN = [
  "jupyter-notebook",
  "jupyter-nbconvert",
  "jupyter-client",
  "python3-nbclient",
  "python3-nbformat",
];

/**
 * @typedef {{python: string, source: "venv" | "path" | "debian", lab: boolean}} Jupyter
 *   python runs nbclient and nbconvert; lab: it has JupyterLab (else the classic notebook)
 */

/**
 * @param {string} root
 * @param {(line: string) => void} say
 * @param {boolean} [again]  try .venv also where it could not be made the last time
 * @returns {Promise<Jupyter | null>}
 */
export async function ensureJupyter(root, say, again = false) {
  const ready = readyVenv(root) ?? (again ? null : notedFallback(root));
  if (ready) return ready;
  const problem = await makeVenv(root, path.join(root, ".venv"), say);
  if (problem === null) {
    const { file, text } = stampOf(root);
    writeFileSync(file, text);
    return readyVenv(root);
  }
  say(`Jupyter: no .venv: ${problem}`);
  const fallback = await findFallback(say);
  if (fallback) {
    say(`Jupyter: using ${fallback.python}; npm run setup tries .venv again`);
    noteFallback(root, fallback);
    return fallback;
  }
  say("Jupyter: not available, so notebooks cannot run. With a network, one of these mends it:");
  say("    sudo apt-get install python3-venv && npm run setup");
  say(`    sudo apt-get install ${DEBIAN.join(" ")}`);
  return null;
}

async function findFallback(say) {
  const onPath = await jupyterOnPath();
  if (onPath || !mayUseApt()) return onPath;
  say(`Jupyter: apt-get install ${DEBIAN.join(" ")}`);
  const result = await aptInstall(DEBIAN, "Jupyter: apt-get install");
  if (result.ok && (await imports("/usr/bin/python3", IMPORTS))) {
    return { python: "/usr/bin/python3", source: "debian", lab: false };
  }
  say(`Jupyter: apt-get failed (${result.reason})\n${tail(result.output, 3)}`);
  return null;
}

/** What took the place of .venv, so that not every start tries to make one first. */
function noteFallback(root, fallback) {
  mkdirSync(path.dirname(noteFile(root)), { recursive: true });
  writeFileSync(noteFile(root), JSON.stringify({ requirements: stampOf(root).text, ...fallback }));
}

function notedFallback(root) {
  if (!existsSync(noteFile(root))) return null;
  const { requirements, ...fallback } = JSON.parse(readFileSync(noteFile(root), "utf8"));
  return requirements === stampOf(root).text && existsSync(fallback.python) ? fallback : null;
}

function noteFile(root) {
  return path.join(root, ".cache/jupyter.json");
}

/** The Jupyter that is there already, or null; installs nothing and says nothing. */
export async function findJupyter(root) {
  return readyVenv(root) ?? (await jupyterOnPath());
}

/** .venv, when it was made from the present requirements.txt; the kernel is registered in it. */
function readyVenv(root) {
  const python = venvPython(path.join(root, ".venv"));
  const { file, text } = stampOf(root);
  const current = existsSync(file) && existsSync(python) && readFileSync(file, "utf8") === text;
  if (!current) return null;
  registerKernel(root, path.join(root, ".venv"));
  return { python, source: "venv", lab: true };
}

function stampOf(root) {
  const requirements = readFileSync(path.join(root, "requirements.txt"), "utf8");
  const text = createHash("sha256").update(requirements).digest("hex");
  return { file: path.join(root, ".venv/.qdrl-requirements"), text };
}

/** @returns {Promise<string | null>} why there is no virtual environment, or null when it is ready */
async function makeVenv(root, folder, say) {
  const python = await findPython();
  if (python === null) return "Python ≥ 3.10 not found (set PYTHON=/path/to/python3)";
  rmSync(folder, { recursive: true, force: true });
  const started = Date.now();
  say(`Jupyter: ${path.basename(python)} -m venv .venv, then pip install -r requirements.txt`);
  let made = await runCommand(python, ["-m", "venv", folder], { timeoutSec: 120, label: "Jupyter: venv" });
  if (!made.ok && mayUseApt()) {
    say("Jupyter: this Python makes no virtual environments; apt-get install python3-venv");
    await aptInstall(["python3-venv"], "Jupyter: apt-get install python3-venv");
    rmSync(folder, { recursive: true, force: true });
    made = await runCommand(python, ["-m", "venv", folder], { timeoutSec: 120, label: "Jupyter: venv" });
  }
  if (!made.ok) made = await venvWithoutOwnPip(python, folder);
  if (!made.ok) return `${path.basename(python)} -m venv failed (${made.reason})\n${tail(made.output, 3)}`;

  const installed = await runCommand(
    venvPython(folder),
    [
      ..."-m pip install --no-deps --only-binary=:all: --disable-pip-version-check --no-input".split(" "),
      ..."--timeout 20 --retries 1 -q -r requirements.txt".split(" "),
    ],
    { timeoutSec: 400, cwd: root, label: "Jupyter: pip install" },
  );
  const problem = installed.ok
    ? (await imports(venvPython(folder), `${IMPORTS}, jupyterlab`))
      ? null
      : "what pip installed cannot be imported"
    : `pip failed (${installed.reason})\n${tail(installed.output, 3)}`;
  if (problem === null) disableNews(folder);
  if (problem === null) say(`Jupyter: installed in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  else rmSync(folder, { recursive: true, force: true });
  return problem;
}

/** No question about subscribing to news at the first start, and no request to a server for them. */
function disableNews(folder) {
  const config = path.join(folder, "etc/jupyter/labconfig/page_config.json");
  const disabled = { disabledExtensions: { "@jupyterlab/apputils-extension:announcements": true } };
  mkdirSync(path.dirname(config), { recursive: true });
  writeFileSync(config, `${JSON.stringify(disabled, null, 1)}\n`);
}

/** Debian without python3-venv: an environment without pip, and pip's files put in by the system's pip. */
async function venvWithoutOwnPip(python, folder) {
  rmSync(folder, { recursive: true, force: true });
  const bare = await runCommand(python, ["-m", "venv", "--without-pip", folder], { timeoutSec: 120 });
  if (!bare.ok) return bare;
  const pip = [
    "-m",
    "pip",
    "--python",
    venvPython(folder),
    "install",
    "-q",
    "--timeout",
    "20",
    "--retries",
    "1",
    "pip",
  ];
  const result = await runCommand(python, pip, { timeoutSec: 120 });
  if (!result.ok) rmSync(folder, { recursive: true, force: true });
  return result;
}

async function jupyterOnPath() {
  const candidates = [shebangOf(findOnPath("jupyter")), await findPython(), "/usr/bin/python3"];
  for (const python of new Set(candidates)) {
    if (python && existsSync(python) && (await imports(python, IMPORTS))) {
      return { python, source: "path", lab: await imports(python, "import jupyterlab") };
    }
  }
  return null;
}

/** The interpreter that a Python script's first line names. */
export function shebangOf(script) {
  if (script === null) return null;
  const first = readFileSync(script, "utf8").split("\n", 1)[0];
  const match = /^#!\s*(\S*python[\d.]*)\s*$/.exec(first);
  return match ? match[1] : null;
}

async function imports(python, code) {
  return (await runCommand(python, ["-c", code], { timeoutSec: 60 })).ok;
}
