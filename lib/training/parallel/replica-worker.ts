import { pathToFileURL } from "node:url";
import * as tf from "@tensorflow/tfjs";
import { setParameters } from "../../encoders/parameters.js";
import { type BackendName, selectBackend } from "../../engine/backend.js";
import { valueAndGradients } from "../../engine/ops/gradients.js";
import { moduleFile } from "../../files/package-files.js";
import { drainTables, recordTables } from "../updates/table-gradients.js";
import { trainedParameters } from "../updates/trained-parameters.js";
import { MessagePipe } from "./message-pipe.js";
import { type Answer, type Order, plainTensor, type Replica, type ReplicaSource } from "./replica.js";

/**
 * A process of {@link Replicas}: embeds its part of every batch, carries back the gradient that it is sent, and makes the same
 * updates as all others. It ends when the process that started it does; signals are for that one.
 */
const pipe = new MessagePipe(3, 4);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});

class Skipped extends Error {}

async function make(source: ReplicaSource, backend: string): Promise<Replica> {
  await selectBackend(backend as BackendName);
  const module = await import(pathToFileURL(moduleFile(source.module)).href);
  return module[source.make](source.options);
}

function obey({ model, optimizer, features }: Replica, order: Order): void {
  const parameters = trainedParameters(model);
  if (order.kind === "state") {
    setParameters(model, order.state.parameters);
    optimizer.restore(order.state.optimizer, order.state.step);
  } else if (order.kind === "settle") optimizer.state();
  else if (order.kind === "update") {
    const { dense, tables } = order.gradients;
    optimizer.learningRate = order.learningRate;
    recordTables(parameters.tables, tables);
    const gradients = Object.fromEntries(
      Object.entries(dense).map(([name, { data, shape }]) => [name, tf.tensor(data, shape)]),
    );
    optimizer.applyStep(parameters, gradients);
    tf.dispose(gradients);
  } else if (order.kind === "differentiate") {
    model.training = true;
    if (order.random) model.setRandomState(order.random);
    const { value, gradients } = valueAndGradients(() => {
      const made = features(order.part);
      say({ kind: "features", features: made.map(plainTensor) });
      const back = next();
      if (back.kind !== "slopes") throw new Skipped();
      return weighed(made, back.slopes);
    }, parameters);
    const dense = Object.fromEntries(
      Object.entries(gradients).map(([name, gradient]) => [name, plainTensor(gradient)]),
    );
    tf.dispose([value, gradients as never]);
    say({ kind: "gradients", gradients: { dense, tables: drainTables(parameters.tables) } });
  }
}

/** Σ features · slopes, whose gradient is the loss's own. */
function weighed(features: readonly tf.Tensor[], slopes: readonly Float32Array[]): tf.Scalar {
  return tf.addN(features.map((x, k) => tf.sum(tf.mul(x, tf.tensor(slopes[k]!, x.shape))))) as tf.Scalar;
}

function next(): Order {
  const order = pipe.receive<Order>();
  if (order === null) process.exit(0);
  return order;
}

function say(answer: Answer): void {
  if (!pipe.send(answer)) process.exit(0);
}

try {
  const first = next();
  if (first.kind !== "make") throw new Error(`must begin with make, got ${first.kind}`);
  const replica = await make(first.source, first.backend);
  say({ kind: "made" });
  for (;;) {
    try {
      obey(replica, next());
    } catch (error) {
      if (!(error instanceof Skipped)) throw error;
    }
  }
} catch (error) {
  say({ kind: "failed", message: (error as Error).message.split("\n")[0]! });
  process.exit(1);
}
