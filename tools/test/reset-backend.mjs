// A set-up file of vitest's: files that share a process each begin with tfjs's own first choice of backend, as in a
// process of their own, whatever the file before has selected.
import { afterAll } from "vitest";

afterAll(async () => {
  const engine = globalThis._tfengine; // where tfjs keeps its state; none if no file has loaded it
  if (engine?.registryFactory?.cpu) await engine.setBackend("cpu");
});
