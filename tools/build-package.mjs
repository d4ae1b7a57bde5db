#!/usr/bin/env node
// `npm run build`: the library as a package in dist/, JavaScript with declarations, workers, compiled kernels and browser
// files; `npm run build -- --pack` also packs it (dist/qdrl-VERSION.tgz). dist/ has a package.json of its own: the
// workspace's names TypeScript sources and what only notebooks need.
//   node tools/build-package.mjs [--pack] [--out FOLDER]
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = path.resolve(fileURLToPath(import.meta.url), "../..");

/** The workspace's own: a user brings them where they want them, and is told so in one line where they are asked for. */
export const OPTIONAL = [
  "@aws-sdk/client-s3",
  "@fastify/rate-limit",
  "@fastify/swagger",
  "@tensorflow/tfjs-node-gpu",
  "danfojs-node",
  "fastify",
  "playwright-core",
  "tslab",
];
/** Runs TypeScript, of which a package has none. */
const SOURCES_ONLY = ["tsx"];

const START = `// Says where the package's files lie; loaded before anything of lib.
import { fileURLToPath } from "node:url";
import { runsCompiled } from "./lib/files/package-files.js";

runsCompiled(fileURLToPath(new URL(".", import.meta.url)));
`;
const COMMAND = `#!/usr/bin/env node
import "./start.js";
const { main } = await import("./lib/cli/main.js");
process.exitCode = await main(process.argv.slice(2));
`;

/**
 * package.json of the package, from the workspace's.
 *
 * @param {Record<string, any>} workspace
 */
export function packageManifest(workspace) {
  const { name, version, type, description, license, engines, dependencies } = workspace;
  const versions = { ...dependencies, ...workspace.optionalDependencies, ...workspace.devDependencies };
  const own = Object.entries(dependencies).filter(
    ([dependency]) => !OPTIONAL.includes(dependency) && !SOURCES_ONLY.includes(dependency),
  );
  return {
    name,
    version,
    type,
    description,
    ...(license && { license }),
    engines,
    exports: {
      ".": { types: "./index.d.ts", default: "./index.js" },
      "./client": { types: "./lib/client/client.d.ts", default: "./lib/client/client.js" },
      "./package.json": "./package.json",
    },
    bin: { qdrl: "./qdrl.js" },
    dependencies: Object.fromEntries(own),
    peerDependencies: Object.fromEntries(OPTIONAL.map((peer) => [peer, versions[peer]])),
    peerDependenciesMeta: Object.fromEntries(OPTIONAL.map((peer) => [peer, { optional: true }])),
  };
}

/** Compiles lib and puts the rest beside it. @returns {boolean} whether the compiler was content */
function build(out) {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const tsc = path.join(root, "node_modules/typescript/lib/tsc.js");
  // types are checked by `npm run typecheck`, tests and notebooks included
  const args = [tsc, "-p", "tsconfig.build.json", "--noCheck", "--outDir", out];
  if (spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" }).status !== 0) return false;
  // what is read at run time: kernels, the pages' scripts and styles, what exports bring for Python; no sources
  const kept = (file) => !path.extname(file) || /\.(wasm|css|js|py)$/.test(file);
  cpSync(path.join(root, "lib"), path.join(out, "lib"), { recursive: true, filter: kept });
  writeFileSync(path.join(out, "start.js"), START);
  writeFileSync(path.join(out, "index.js"), 'import "./start.js";\nexport * from "./lib/index.js";\n');
  writeFileSync(path.join(out, "index.d.ts"), 'export * from "./lib/index.js";\n');
  writeFileSync(path.join(out, "qdrl.js"), COMMAND);
  chmodSync(path.join(out, "qdrl.js"), 0o755);
  const manifest = packageManifest(JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")));
  writeFileSync(path.join(out, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  for (const file of ["README.md", "LICENSE"])
    if (existsSync(path.join(root, file))) copyFileSync(path.join(root, file), path.join(out, file));
  return true;
}

function main() {
  const { values } = parseArgs({ options: { pack: { type: "boolean" }, out: { type: "string" } } });
  const out = path.resolve(values.out ?? path.join(root, "dist"));
  if (!build(out)) {
    process.exitCode = 1;
    return;
  }
  console.log(`built: ${path.relative(process.cwd(), out)}`);
  if (!values.pack) return;
  const args = ["pack", out, "--pack-destination", out, "--loglevel=error", "--offline"];
  process.exitCode = spawnSync("npm", args, { cwd: out, stdio: "inherit" }).status ?? 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
