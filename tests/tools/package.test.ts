import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OPTIONAL } from "../../tools/build-package.mjs";

const run = promisify(execFile);
const folder = mkdtempSync(path.join(tmpdir(), "qdrl-package-"));
const project = path.join(folder, "project");
afterAll(() => rmSync(folder, { recursive: true }));

const CONFIG = `
task_id: packed
run_id: mine
num_epochs: 3
dataset_dir: data/emoji
batch_size: 16
learning_rate: 0.01
dataset:
  query_features: [{ name: query_search_phrase, type: text }]
  document_features: [{ name: document_name, type: text }]
loss: { type: batch_softmax, temperature: 0.1 }
text_vectorizer: { type: dictionary, dictionary_path: token_dictionary, word_unigrams_limit: 10, num_oov_tokens: 100 }
model:
  type: TwoTower
  text_embedding: { num_embeddings: 2000, embedding_dim: 32 }
  hidden_layers: []
  output_dim: 32
  query: { text_feature: query_search_phrase }
  document: { text_feature: document_name }
recall_validation: { enabled: true, every_epochs: 3, k: [10], query_typo_probabilities: [0] }
`;
const SCRIPT = `
import { ensureEmoji, fit, openRun, search, toFrame, train } from "qdrl";
await ensureEmoji({ outDir: "data/emoji", maxDocuments: 60 });
const { history } = await fit({ model: "TwoTower", trainData: "emoji", loss: "batch_softmax", epochs: 1, batchSize: 64 });
const run = await train("mine.yaml");
const loss = openRun(run.dir).metrics().filter(({ name }) => name === "AverageLoss/train");
const hits = await search(run, "tears of joy", { k: 3 });
const refusal = await toFrame([{ a: 1 }]).catch((error) => error.message);
console.log(JSON.stringify({ fitted: history.length, engine: run.manifest().engine, loss, hits, refusal }));
`;

/** An empty project that the tarball is installed into by npm, offline; only what the package asks for is at hand. */
beforeAll(async () => {
  await run(process.execPath, ["tools/build-package.mjs", "--pack", "--out", folder]);
  const manifest = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
  for (const name of Object.keys(manifest.dependencies)) {
    const link = path.join(project, "node_modules", name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(path.resolve("node_modules", name), link);
  }
  writeFileSync(
    path.join(project, "package.json"),
    '{ "name": "empty", "version": "1.0.0", "type": "module" }',
  );
  const tarball = path.join(folder, `qdrl-${manifest.version}.tgz`);
  const install = [
    "install",
    "--offline",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--no-package-lock",
  ];
  await run("npm", [...install, tarball], { cwd: project });
}, 240_000);

describe("the packed library, installed into an empty project", () => {
  it("trains on several threads and searches from a script of a few lines", async () => {
    writeFileSync(path.join(project, "mine.yaml"), CONFIG);
    writeFileSync(path.join(project, "script.mjs"), SCRIPT);
    const { stdout, stderr } = await run(process.execPath, ["script.mjs"], { cwd: project });
    const { fitted, engine, loss, hits, refusal } = JSON.parse(stdout);
    expect(fitted).toBe(1);
    expect(engine).toMatch(/^fused, \d+ threads?/);
    expect(loss).toHaveLength(3);
    expect(loss[2].value).toBeLessThan(loss[0].value);
    expect(hits).toHaveLength(3);
    expect(hits.map(({ name }: { name: string }) => name)).toContain("face with tears of joy");
    // progress was shown, on the stream that is not the script's own
    expect(stderr).toContain("epoch 1/1: 100 % of"); // fit
    expect(stderr).toContain("epoch 3/3: 100 % of"); // train
    // what the workspace brings and the package does not is asked for in one line
    expect(refusal).toMatch(
      /^toFrame: danfojs-node must be installed \(npm install danfojs-node\), got [^\n]*$/,
    );
  });

  it("serves over HTTP, asking for the packages of that where they are not installed", async () => {
    const command = ["node_modules/qdrl/qdrl.js", "serve", "--port", "0"];
    const refused = await run(process.execPath, command, { cwd: project }).catch((error) => error.stderr);
    expect(refused).toMatch(/^error: serve: needs packages .*npm install fastify @fastify\/swagger/);
    const script =
      'import { connect } from "qdrl/client"; console.log(typeof connect("http://localhost").search);';
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], { cwd: project });
    expect(stdout).toBe("function\n");
  });

  it("has its command line, without the commands that are about the workspace", async () => {
    const help = await run(process.execPath, ["node_modules/qdrl/qdrl.js", "--help"], { cwd: project });
    expect(help.stdout).toContain("search");
    expect(help.stdout).not.toMatch(/^ {2}(notebooks|start)\b/m);
  });

  it("holds declarations and compiled code, no sources and nothing that only the workspace needs", async () => {
    const { stdout } = await run("tar", ["tzf", path.join(folder, "qdrl-0.1.0.tgz")]);
    const files = stdout.trim().split("\n");
    expect(files).toContain("package/lib/index.d.ts");
    expect(files.filter((file) => /(?<!\.d)\.ts$|\.as$/.test(file))).toEqual([]);
    const own = JSON.parse(readFileSync(path.join(project, "node_modules/qdrl/package.json"), "utf8"));
    expect(Object.keys(own.dependencies).filter((name) => OPTIONAL.includes(name))).toEqual([]);
    expect(Object.keys(own.peerDependenciesMeta).sort()).toEqual([...OPTIONAL].sort());
  });
});
