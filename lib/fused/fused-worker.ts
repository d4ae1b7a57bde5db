import { workerData } from "node:worker_threads";
import { instantiateKernels } from "../engine/kernels/load.js";
import { command, type WorkerStart } from "./fused-control.js";
import { FusedStep } from "./fused-step.js";

const { plan, layout, module, memory, thread, threads, spins, area } = workerData as WorkerStart;
const work = layout.work[area]!;
const step = new FusedStep(
  plan,
  layout,
  work,
  instantiateKernels(module, memory),
  memory,
  thread,
  threads,
  spins,
);
const words = new Int32Array(memory.buffer, work.control, 64);
const rates = new Float64Array(memory.buffer, work.control, 32);

Atomics.add(words, command.ready, 1);
Atomics.notify(words, command.ready);
let done = 0;
for (;;) {
  for (let i = 0; i < spins && Atomics.load(words, command.serial) === done; i++);
  while (Atomics.load(words, command.serial) === done) Atomics.wait(words, command.serial, done);
  done++;
  const kind = words[command.kind]!;
  if (kind === command.stop) break;
  if (kind === command.train)
    rates[command.loss] = step.run(
      words[command.size]!,
      words[command.parts]!,
      words[command.step]!,
      rates[command.learningRate]!,
    );
  else if (kind === command.encode) step.encode(words[command.side] as 0 | 1, words[command.size]!);
  else if (kind === command.reset) step.reset(words[command.step]!);
  if (threads === 1) {
    Atomics.add(words, command.finished, 1);
    Atomics.notify(words, command.finished);
  }
}
