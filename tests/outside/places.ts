import { type ExecFileSyncOptions, execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { aptInstall, mayUseApt } from "../../tools/setup/apt.mjs";
import { findPython, venvPython } from "../../tools/setup/python.mjs";

const PLACE = path.resolve(".cache/outside");

/**
 * Debian's packages, installed if one is missing.
 *
 * @returns name and version of each
 * @throws where they are not there and may not be installed (only root may)
 */
export async function debian(...packages: string[]): Promise<string[]> {
  const versions = () =>
    packages.map((name) => {
      const { stdout } = spawnSync("dpkg-query", ["--status", name], { encoding: "utf8" });
      const version = /^Version: (.*)$/m.exec(stdout ?? "")?.[1];
      return version && stdout.includes("Status: install ok installed") ? `${name} ${version}` : null;
    });
  if (versions().includes(null)) {
    if (!mayUseApt()) throw new Error(`outside: needs root for apt-get install ${packages.join(" ")}`);
    const { ok, output, reason } = await aptInstall(packages, packages.join(" "));
    if (!ok)
      throw new Error(`outside: apt-get install ${packages.join(" ")}: ${reason}\n${output.slice(-2000)}`);
  }
  return versions().map((version, i) => version ?? `${packages[i]} missing`);
}

/**
 * A Python with exactly these packages of PyPI's (`name==version`), in a virtual environment below .cache/outside; made once.
 *
 * @param base a Python whose own packages are seen too, as Debian's with python3-torch
 * @returns path of its interpreter
 */
export async function pythonWith(packages: readonly string[], base?: string): Promise<string> {
  const hash = createHash("sha256")
    .update(JSON.stringify([packages, base]))
    .digest("hex")
    .slice(0, 12);
  const folder = path.join(PLACE, `${packages[0]!.replace(/\W.*/, "")}-${hash}`);
  const python = venvPython(folder);
  const done = path.join(folder, "installed");
  if (fs.existsSync(done)) return python;
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(PLACE, { recursive: true });
  const maker = base ?? (await findPython());
  if (maker === null) throw new Error("outside: needs a Python ≥ 3.10");
  const options: ExecFileSyncOptions = { stdio: ["ignore", "pipe", "pipe"] };
  execFileSync(maker, ["-m", "venv", ...(base ? ["--system-site-packages"] : []), folder], options);
  const quiet = ["--disable-pip-version-check", "--no-input", "--quiet"];
  execFileSync(python, ["-m", "pip", "install", ...quiet, ...packages], options);
  fs.writeFileSync(done, "");
  return python;
}

/** Runs a script that writes a fixture in a folder of its own, and returns what it wrote (`output`, or what it printed). */
export function regenerate(
  python: string,
  script: string,
  output: string | null,
  env: Record<string, string> = {},
): unknown {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-outside-"));
  try {
    const copy = path.join(folder, path.basename(script));
    fs.copyFileSync(script, copy);
    const printed = execFileSync(python, [copy], {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, ...env },
      maxBuffer: 2 ** 28,
    });
    return JSON.parse(output === null ? printed : fs.readFileSync(path.join(folder, output), "utf8"));
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Where two values of JSON differ: numbers by more than `tolerance` relative to the larger of 1 and their size. */
export function differences(got: unknown, wanted: unknown, tolerance: number, at = ""): string[] {
  if (typeof got === "number" && typeof wanted === "number")
    return Math.abs(got - wanted) <= tolerance * Math.max(1, Math.abs(wanted))
      ? []
      : [`${at}: ${got}, ${wanted}`];
  if (got === null || wanted === null || typeof got !== "object" || typeof wanted !== "object")
    return got === wanted ? [] : [`${at}: ${JSON.stringify(got)}, ${JSON.stringify(wanted)}`];
  const [a, b] = [got, wanted] as Record<string, unknown>[];
  const keys = new Set([...Object.keys(a!), ...Object.keys(b!)]);
  return [...keys].flatMap((key) => differences(a![key], b![key], tolerance, `${at}/${key}`));
}
