import type { PairStream } from "../../experiment/pair-stream.js";
import type { Manifest } from "../../tracking/run-folder.js";
import type { Callback } from "./callback.js";

/** Puts what an epoch of streamed pairs met and left out into the manifest, and tells it after the first one. */
export function streamCounts(stream: PairStream, manifest: Manifest): Callback {
  let told = false;
  return {
    name: "stream_counts",
    on: {
      epoch_end(state) {
        Object.assign(manifest.counts, stream.counts());
        if (!told) for (const line of stream.lines()) state.tell(line);
        told = true;
      },
    },
  };
}
