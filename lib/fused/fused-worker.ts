import { workerData } from "node:worker_threads";
import { instantiateKernels } from "../engine/kernels/kernels.js";
import { command, type WorkerStart } from "./fused-control.js";
import { FusedStep } from "./fused-step.js";

const { plan, layout, module, memory, thread, threads, spins } = workerData as WorkerStart;
const { work } = layout;
const step = new FusedStep(plan, layout, instantiateKernels(module, memory), memory, thread, threads, spins);
const control = new Int32Array(memory.buffer, work.control, 64);
const controlFloats = new Float64Array(memory.buffer, work.control, 32);

Atomics.add(control, command.ready, 1);
Atomics.notify(control, command.ready);
let done = 0;
for (;;) {
  for (let i = 0; i < spins && Atomics.load(control, command.serial) === done; i++);
  while (Atomics.load(control, command.serial) === done) Atomics.wait(control, command.serial, done);
  done++;
  const kind = control[command.kind]!;
  if (kind === command.stop) break;
  if (kind === command.train)
    controlFloats[command.loss] = step.run(
      control[command.size]!,
      control[command.parts]!,
      control[command.step]!,
      controlFloats[command.learningRate]!,
    );
  else if (kind === command.encode) step.encode(control[command.side] as 0 | 1, control[command.size]!);
  else if (kind === command.reset) step.reset(control[command.step]!);
}
