import { PayloadWriter } from "../../browser/payload-bytes.js";
import { defaultListener, type Listener } from "../../engine/progress.js";
import { UserError } from "../../files/user-error.js";
import { htmlPage } from "../../reporting/html-page.js";
import type { RunFolder } from "../../tracking/run-folder.js";
import { systemNames } from "../../tracking/system-names.js";
import { liveContent } from "./live-content.js";
import { packMap } from "./pack-map.js";

/**
 * The map of a report as a page of its own, for runs of encoders over the same documents; `showPage` puts it under a cell.
 *
 * @param options.measure  per-query measure that points are coloured by
 * @throws UserError without runs
 */
export async function mapPage(
  runs: readonly RunFolder[],
  options: { measure?: string; listener?: Listener } = {},
): Promise<string> {
  const { measure = "Recall@10", listener = defaultListener() } = options;
  if (runs.length === 0) throw new UserError("mapPage: runs must not be empty, got none");
  const writer = new PayloadWriter();
  const payload = await packMap(runs, null, writer, { measure, nameOf: systemNames(runs), listener });
  return htmlPage({
    title: "Map",
    answer: [],
    sections: [{ title: "Documents and queries", blocks: [{ kind: "live", part: "map" }] }],
    sources: runs.map((run) => ({
      what: run.manifest().system,
      run: run.dir,
      file: "models/model.safetensors, queries.jsonl.gz",
    })),
    live: await liveContent(payload, writer.bytes()),
  });
}
