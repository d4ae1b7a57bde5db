#!/usr/bin/env node
// `npm run notebook [-- JUPYTER_OPTIONS]`: opens JupyterLab (or Debian's classic notebook) with our kernel only.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { runAttached } from "./run-attached.mjs";
import { ensure } from "./setup.mjs";

const root = path.resolve(fileURLToPath(import.meta.url), "../..");

/**
 * @param {{python: string, lab: boolean}} jupyter
 * @param {string[]} passed  the user's own options, last so that they win
 * @param {Record<string, string | undefined>} env
 * @param {{platform: string, root: boolean}} host
 * @returns {string[]} the command and its arguments
 */
export function jupyterCommand(jupyter, passed, env, host) {
  const hasDisplay =
    host.platform !== "linux" || env.DISPLAY !== undefined || env.WAYLAND_DISPLAY !== undefined;
  return [
    jupyter.python,
    path.join(root, "tools/with_parent.py"), // Jupyter ends when its terminal's process does
    jupyter.lab ? "jupyterlab" : "notebook",
    // one kernel, whatever else is installed on this machine
    "--KernelSpecManager.ensure_native_kernel=False",
    "--KernelSpecManager.allowed_kernelspecs={'tslab'}",
    "--MultiKernelManager.default_kernel_name=tslab",
    ...(host.root ? ["--allow-root"] : []),
    ...(hasDisplay ? [] : ["--no-browser"]),
    ...passed,
  ];
}

async function main() {
  const { jupyter } = await ensure({ jupyter: true });
  if (!jupyter) process.exit(1);
  const host = { platform: process.platform, root: process.getuid?.() === 0 };
  const [command, ...args] = jupyterCommand(jupyter, process.argv.slice(2), process.env, host);
  const kernels = [path.join(root, ".jupyter"), process.env.JUPYTER_PATH]
    .filter(Boolean)
    .join(path.delimiter);
  process.exitCode = await runAttached(command, args, {
    cwd: root,
    env: { ...process.env, JUPYTER_PATH: kernels },
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
