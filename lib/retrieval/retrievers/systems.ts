import { UserError } from "../../files/user-error.js";
import { bm25System } from "./bm25-system.js";
import { denseSystem } from "./dense-system.js";
import { fusionSystem } from "./fusion-system.js";
import { neighboursSystem } from "./neighbours-system.js";
import type { RetrievalSystem, SystemConfig } from "./retrieval-system.js";

/** Retrieval systems, by name. A new one is a line here. */
const systems = new Map<string, RetrievalSystem>(
  [denseSystem, bm25System, neighboursSystem, fusionSystem].map((system) => [
    system.system,
    system as unknown as RetrievalSystem,
  ]),
);

/** Makes a system available as `system: name` in YAML, to runs and to search; replaces one of the same name. */
export function registerRetriever<C extends SystemConfig>(system: RetrievalSystem<C>): void {
  systems.set(system.system, system as unknown as RetrievalSystem);
}

/** Values that the key `system` may have; an experiment with an encoder, "dense", leaves it out. */
export function systemNames(): string[] {
  return [...systems.keys()].filter((name) => name !== denseSystem.system);
}

/** @throws UserError for an unknown name, listing the known ones */
export function systemOf(name: string): RetrievalSystem {
  const system = systems.get(name);
  if (!system) throw new UserError(`unknown system "${name}"; known: ${[...systems.keys()].join(", ")}`);
  return system;
}
