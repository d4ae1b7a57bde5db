import { existsSync } from "node:fs";

/** Whether this machine (Linux) has an NVIDIA driver loaded, without which nothing computes on its GPU. */
export function hasNvidiaDriver(): boolean {
  return existsSync("/proc/driver/nvidia/version");
}
