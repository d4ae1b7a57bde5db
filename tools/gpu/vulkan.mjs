// Which Vulkan driver ONNX Runtime's WebGPU provider can have here, and what a process needs in its environment for it.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { findChromium } from "../setup/chromium.mjs";

const DRIVERS = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d"];
const SOFTWARE = "vk_swiftshader_icd.json";

/**
 * The machine's own driver; without one, the software driver that comes with Chromium, which is right and slow.
 *
 * @param {{ software?: boolean }} wanted  software: Chromium's, whatever else there is
 * @returns {{ env: Record<string, string>, software: boolean, name: string } | null} null where there is none
 */
export function findVulkan({ software = false } = {}) {
  const runtime = { XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? tmpdir() };
  const own = software || process.platform !== "linux" ? null : ownDriver();
  if (own) return { env: runtime, software: own.includes("swiftshader"), name: own };
  if (!software && process.platform !== "linux")
    return { env: {}, software: false, name: "the system's own" };
  const folder = chromiumFolder();
  if (!folder) return null;
  const libraries = [folder, process.env.LD_LIBRARY_PATH].filter(Boolean).join(path.delimiter);
  const env = { ...runtime, VK_ICD_FILENAMES: path.join(folder, SOFTWARE), LD_LIBRARY_PATH: libraries };
  return { env, software: true, name: "the software driver of Chromium" };
}

function ownDriver() {
  const named = process.env.VK_ICD_FILENAMES ?? process.env.VK_DRIVER_FILES;
  const loader = spawnSync("sh", ["-c", "PATH=$PATH:/sbin:/usr/sbin ldconfig -p"], { encoding: "utf8" });
  const inPath = (process.env.LD_LIBRARY_PATH ?? "").split(path.delimiter).filter(Boolean);
  const hasLoader =
    loader.stdout?.includes("libvulkan.so.1") ||
    inPath.some((folder) => existsSync(path.join(folder, "libvulkan.so.1")));
  if (!hasLoader) return null;
  if (named) return existsSync(named.split(path.delimiter)[0]) ? named : null;
  // of the drivers that Mesa brings, lavapipe lacks what Dawn asks for
  const found = DRIVERS.filter(existsSync)
    .flatMap((folder) => readdirSync(folder).map((name) => path.join(folder, name)))
    .filter((file) => file.endsWith(".json") && !file.includes("lvp"));
  return found[0] ?? null;
}

function chromiumFolder() {
  const browser = findChromium();
  const candidates = [
    ...(browser ? [path.dirname(realpathSync(browser))] : []),
    "/usr/lib/chromium",
    "/usr/lib/chromium-browser",
    "/opt/google/chrome",
  ];
  return candidates.find((folder) =>
    [SOFTWARE, "libvulkan.so.1"].every((name) => existsSync(path.join(folder, name))),
  );
}
