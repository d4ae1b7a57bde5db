// A set-up file of vitest's: notes in a test file's meta what it cost in CPU seconds, its child processes (those waited
// for) and its loading included. CPU time, because wall time says what else the machine was doing.
import { readFileSync } from "node:fs";
import { afterAll } from "vitest";

const TICKS_PER_SECOND = 100; // USER_HZ, the same on every Linux

/** CPU seconds of this process and of its ended children since it began. */
function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  let children = 0;
  try {
    // after the command's name, which may hold spaces: utime is field 14 of the line, cutime 16, cstime 17
    const fields = readFileSync("/proc/self/stat", "utf8").split(") ").at(-1).split(" ");
    children = (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
  } catch {
    // no /proc: children are not counted
  }
  return (user + system) / 1e6 + children;
}

// registered before the file's own, hence run after them; a process that serves several files keeps its last mark
// biome-ignore lint/correctness/noEmptyPattern: vitest asks for a pattern, and gives a context of no use here
afterAll(({}, file) => {
  const now = cpuSeconds();
  file.meta.cpuSeconds = now - (globalThis.qdrlCpuMark ?? 0);
  globalThis.qdrlCpuMark = now;
});
