"use strict";
// A thread beside the kernel's, for what must work while that one is busy: ending a loop on interrupt, and ending
// the kernel when the Jupyter that started it is gone (else a busy kernel would run on, alone, for ever).
const { spawn } = require("node:child_process");
const inspector = require("node:inspector");
const { parentPort, workerData } = require("node:worker_threads");

/** How long the main thread may take to answer before it counts as busy. */
const ANSWER_MS = 400;
const PARENT_CHECK_MS = 2000;

setInterval(() => {
  if (process.ppid !== workerData.parent) process.kill(process.pid, "SIGKILL");
}, PARENT_CHECK_MS);

if (process.platform !== "win32") listenForInterrupts();

/** Threads get no signals, so a tiny shell in the same process group listens and says so. */
function listenForInterrupts() {
  const script = `trap 'echo interrupt' INT; while kill -0 ${process.pid} 2>/dev/null; do sleep 5 & wait $!; done`;
  const listener = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "ignore"] });
  listener.on("error", () => {}); // no shell: interrupts then work wherever the event loop runs
  listener.stdout.on("data", onInterrupt);
}

function onInterrupt() {
  let answered = false;
  parentPort.once("message", () => {
    answered = true;
  });
  parentPort.postMessage("are you there?");
  setTimeout(() => {
    if (!answered) terminateMainThread();
  }, ANSWER_MS);
}

function terminateMainThread() {
  const session = new inspector.Session();
  session.connectToMainThread();
  session.post("Runtime.terminateExecution", () => session.disconnect());
}
