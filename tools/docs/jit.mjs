// docs/jit.md: what the compiler of tfjs ops does, with its table of kernels as the code has it.
import path from "node:path";
import { pathToFileURL } from "node:url";
import { register } from "tsx/esm/api";

const WHAT = {
  elementwise: "one input, entry by entry",
  binary: "several inputs, entry by entry, broadcast",
  reductions: "along axes",
  shapes: "moving entries",
  constants: "tensors of one number (one entry of the file, broadcast) and ranges",
  products: "matrix products",
  gathering: "picking and adding up by index",
  convolutions: "pictures",
  composites: "of this project alone",
};

export async function jitPage() {
  const stop = register();
  const load = (file) => import(pathToFileURL(path.resolve(file)).href);
  const { kernelGroups, kernelTable } = await load("lib/engine/jit/kernel-table.ts");
  stop();
  const rows = Object.entries(kernelGroups).map(
    ([group, kernels]) =>
      `| [${group}](../lib/engine/jit/kernels/${group}.ts) | ${WHAT[group]} | ${Object.keys(kernels).sort().join(", ")} |`,
  );
  return PAGE.replace("KERNELS", rows.join("\n")).replace("COUNT", `${Object.keys(kernelTable).length + 1}`);
}

const PAGE = `# Compiling tfjs: \`jit\`

<!-- Made by tools/docs.mjs; the table is the code's. -->

\`jit\` turns a function of tfjs ops, and its gradient, into an ONNX graph that ONNX Runtime runs in one call: AVX-512 on the
processor, the same graph on a GPU ([bench/README.md](../bench/README.md) has what was measured where).

\`\`\`ts
import { jit, jitGradients, selectBackend, tf } from "qdrl";

await selectBackend("auto"); // once, in a script of one's own; runs and \`fit\` do it themselves
const weights = tf.variable(tf.randomNormal([8, 4]));
const [x, y] = [tf.ones([2, 8]), tf.ones([2, 4])];

const embed = jit((x) => tf.tanh(tf.matMul(x, weights)));
const step = jitGradients((x, y) => tf.losses.meanSquaredError(y, tf.matMul(x, weights)), { variables: [weights] });
const { value, gradients } = step(x, y); // by x, by y, by weights
console.log(step.info()); // provider, threads, hash and nodes of the graph, ms of tracing and of opening sessions
\`\`\`

In a configuration \`engine: jit\` trains so, and \`auto\` does where it is the faster way: attention, convolutions, patches and
wide layers ([graphs-pay.ts](../lib/training/graphs-pay.ts)). Losses of one's own come along. The run's manifest names
provider, threads, graphs and the last graph's hash.

## What happens in a call

1. The function runs with ops that compute nothing. That gives a key (the ops, their attributes and shapes) and what the
   call brings: numbers and arrays that the function makes (masks, labels, dropout drawn from the project's generators),
   variables and tensors from outside. It takes 4 ms for a step of a transformer of two layers.
2. If no graph has the key, the function runs once more, with its gradient, and every kernel is written down. Equal nodes are
   one, nodes that no output needs are left out, and products begin with what is added to them. A generator that draws
   while the function runs is set back before (\`Rewinding\`), so draws are those of a run by tfjs.
3. The graph runs. Parameters, optimiser state and gradients lie in tfjs's heap, where the optimiser works too: ONNX Runtime
   reads and writes them in place, and nothing is copied. On other backends, and on a GPU, inputs and results are copied at
   each call.

So branches, schedules and changing masks are right by construction: another branch is another key, and whatever numbers a
function makes are inputs (but 0, 1 and exponents, which the key names). Once a single number changes between calls, gradients are
traced at each call too, another 8 ms for such a step, since the number may stand in them alone. Tables of embeddings stay outside the graph:
their rows go in, and their rows' gradients come out. \`whenKnown(value, take)\` hands over a value that a loss keeps for a
monitor once the graph has run.

| option | default | |
|---|---|---|
| \`threads\` | the cores that the process may use | within an operator |
| \`provider\` | \`"cpu"\` | or \`"webgpu"\`, \`"cuda"\` |
| \`cacheDir\` | none; \`.cache/graphs\` in training | graphs as ONNX Runtime rewrote them, by hash of graph, version, provider and processor, behind a checksum; a damaged file is written anew |
| \`openGraphs\` | 16 | sessions; the one used longest ago is closed |
| \`mostGraphs\` | 64; training: no bound | further shapes are computed by tfjs. Training pads texts to multiples of 8 tokens (32 beyond 64) and says at the 64th graph that shapes differ too much |
| \`profilePrefix\` | none | \`operatorTimes()\` then gives ms and calls by operator; \`QDRL_PROFILE=/tmp/step\` with [bench/operator-times.ts](../bench/operator-times.ts) prints a training step's |

## What is computed by tfjs instead

Each reason is told once, in one line that names the op; the call then runs in tfjs, with the generator set back.

- an op without a place in a graph (\`op ResizeBilinear has no place in a graph\`);
- a loss that reads values of a result while it computes (\`values of a result are read (dataSync) after op Sum\`): mining
  in the batch, negative caches. Values that depend on data of the host alone are read without ending the trace;
- a graph or a run that ONNX Runtime refuses, for shapes that do not fit, memory or an index out of range; an error of the
  function's own is then tfjs's.

## Reproducibility

wasm is the reference, with equal bytes everywhere. Graphs are equal to it up to rounding: gradients to 2·10⁻⁵ of the largest for
every kernel below ([kernel-table.test.ts](../tests/engine/jit/kernel-table.test.ts), over shapes drawn from a seed), and
after 200 steps of training losses are 4·10⁻⁷ and parameters 1.6·10⁻⁶ apart
([engine-drift.test.ts](../tests/training/engine-drift.test.ts), which bounds both). On one machine with one number of threads
a graph gives the same bytes each time, read from disk or made anew, and a run that goes on from a checkpoint ends with the
bytes of one that was not stopped: a graph depends on its call alone, not on calls before. ONNX Runtime promises no equal
bytes across processors or numbers of threads.

## Kernels

COUNT kernels, a file a group. tfjs composes its other ops of these, gradients included.

| file | | kernels |
|---|---|---|
KERNELS
| [trace-backend](../lib/engine/jit/trace-backend.ts) | another handle of a tensor | Identity |

A new kernel is an entry of its group's table, the shape of its result and the nodes that compute it, and a case in
the test. Pooling by means sends its gradient to padded places as tfjs does; where wasm's own kernel is wrong (gradients of
pools at padded edges), tfjs's plain backend is the reference.
`;
