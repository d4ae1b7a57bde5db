import { DenseLive } from "./dense-live.js";
import { LexicalLive } from "./lexical-live.js";
import type { LiveSystem } from "./live-system.js";
import type { Payload } from "./payload.js";
import type { PayloadBytes } from "./payload-bytes.js";

/** The systems that a page carries, ready to be asked. */
export function openSystems({ corpus, search }: Payload, bytes: PayloadBytes): LiveSystem[] {
  return (search?.systems ?? []).map((packed) =>
    packed.kind === "bm25" ? new LexicalLive(packed, corpus) : new DenseLive(packed, bytes, corpus),
  );
}
