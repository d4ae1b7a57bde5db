// Runs in a server's page /live: the search box of reports over runs that the server answers for.
import type { Payload } from "../payload.js";
import { PayloadBytes } from "../payload-bytes.js";
import { Selection } from "./page-context.js";
import { SearchView } from "./search-view.js";
import { ServedSystem } from "./served-system.js";

interface Described {
  run: string;
  name: string;
  kind: string;
}

const described = JSON.parse(document.getElementById("live-systems")!.textContent!) as Described[];
const payload: Payload = {
  corpus: { ids: [], names: [], glyphs: [], columns: {} },
  search: { systems: [], left: [], examples: [], size: 0 },
};
const systems = described.map(
  ({ run, name, kind }) =>
    new ServedSystem(`${name} (${run})`, kind === "dense" ? "dense" : "bm25", run, payload.corpus),
);
const root = document.querySelector<HTMLElement>("[data-live]")!;
if (systems.length === 0) root.textContent = "No run is served that could be searched.";
else
  new SearchView(root, {
    ...{ payload, systems, selection: new Selection() },
    bytes: new PayloadBytes(new Uint8Array(0)),
  });
document.documentElement.dataset["live"] = "ready";
