// Runs in a report: unpacks the data that the page carries and brings its parts to life. `document.documentElement` says by
// data-live whether that went well: "ready" or "failed".
import { openSystems } from "../open-payload.js";
import type { Payload } from "../payload.js";
import { PayloadBytes } from "../payload-bytes.js";
import { element } from "./dom-elements.js";
import { MapView } from "./map-view.js";
import { type PageContext, Selection } from "./page-context.js";
import { QueriesView } from "./queries-view.js";
import { SearchView } from "./search-view.js";
import { unpack } from "./unpack.js";

const views = { map: MapView, queries: QueriesView, search: SearchView };

async function start(): Promise<void> {
  const payload = JSON.parse(new TextDecoder().decode(await unpack("live-header"))) as Payload;
  const bytes = new PayloadBytes(await unpack("live-numbers"));
  const systems = openSystems(payload, bytes);
  const context: PageContext = { payload, bytes, systems, selection: new Selection() };
  const opened: Record<string, unknown> = {};
  for (const root of document.querySelectorAll<HTMLElement>("[data-live]:not(html)")) {
    const part = root.dataset["live"] as keyof typeof views;
    opened[part] = new views[part](root, context);
  }
  Object.assign(globalThis, { qdrlPage: { ...context, ...opened } });
}

start().then(
  () => {
    document.documentElement.dataset["live"] = "ready";
  },
  (error: Error) => {
    document.documentElement.dataset["live"] = "failed";
    for (const root of document.querySelectorAll("[data-live]:not(html)"))
      root.replaceChildren(element("p", {}, `This part could not be opened: ${error.message}`));
    throw error;
  },
);
