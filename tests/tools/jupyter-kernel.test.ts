import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { registerKernel } from "../../tools/setup/jupyter-kernel.mjs";

const folder = mkdtempSync(path.join(tmpdir(), "qdrl-kernel-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("registerKernel", () => {
  const packages = path.join(folder, "lib/python3.11/site-packages");
  const kernel = path.join(folder, "share/jupyter/kernels/tslab/kernel.json");
  const register = () => registerKernel(process.cwd(), folder);

  it("writes a kernel that starts this workspace's launcher, wherever Jupyter puts itself", () => {
    mkdirSync(packages, { recursive: true });
    register();
    const { argv, language } = JSON.parse(readFileSync(kernel, "utf8"));
    const launcher = argv[1].replace("{resource_dir}", path.dirname(kernel));
    expect(path.resolve(launcher)).toBe(path.resolve("tools/tslab-kernel.cjs"));
    expect(argv[2]).toBe("{connection_file}");
    expect(language).toBe("typescript");
  });

  it("keeps JupyterLab's CommonJS files CommonJS, and puts papermill's translator on Python's path", () => {
    expect(JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"))).toEqual({ type: "commonjs" });
    const added = readFileSync(path.join(packages, "qdrl-papermill.pth"), "utf8").trim();
    expect(existsSync(path.join(added, "qdrl_papermill.py"))).toBe(true);
  });

  it("leaves alone what is there already", () => {
    const before = statSync(kernel).mtimeMs;
    register();
    expect(statSync(kernel).mtimeMs).toBe(before);
  });
});
