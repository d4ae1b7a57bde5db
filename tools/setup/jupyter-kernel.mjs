// The kernel, registered in a virtual environment: Jupyter, nbconvert and papermill started from it find "tslab" without
// any variable being set, and papermill writes parameters in TypeScript.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

/**
 * Writes what is missing; quick when nothing is.
 *
 * @param {string} root    of the workspace
 * @param {string} folder  the virtual environment
 */
export function registerKernel(root, folder) {
  const spec = JSON.parse(readFileSync(path.join(root, ".jupyter/kernels/tslab/kernel.json"), "utf8"));
  const place = path.join(folder, "share/jupyter/kernels/tslab");
  const launcher = path.relative(place, path.join(root, "tools/tslab-kernel.cjs")).split(path.sep).join("/");
  const argv = ["node", `{resource_dir}/${launcher}`, "{connection_file}"];
  write(path.join(place, "kernel.json"), `${JSON.stringify({ ...spec, argv }, null, 2)}\n`);
  // JupyterLab brings CommonJS files (yarn), which the workspace's "type": "module" would make Node read as modules
  write(path.join(folder, "package.json"), '{ "type": "commonjs" }\n');
  const packages = sitePackages(folder);
  if (packages) write(path.join(packages, "qdrl-papermill.pth"), `${path.join(root, "tools/papermill")}\n`);
}

/** Where Python looks for the environment's packages, or null. */
function sitePackages(folder) {
  const lib = path.join(folder, "lib");
  const versions = existsSync(lib) ? readdirSync(lib).filter((name) => name.startsWith("python")) : [];
  const candidates = [
    ...versions.map((name) => path.join(lib, name, "site-packages")),
    path.join(folder, "Lib/site-packages"),
  ];
  return candidates.find((candidate) => existsSync(candidate)) ?? null;
}

function write(file, text) {
  if (existsSync(file) && readFileSync(file, "utf8") === text) return;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}
