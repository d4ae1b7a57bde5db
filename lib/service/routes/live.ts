import { z } from "zod";
import { bundleForBrowser } from "../../analysis/live/bundle-page.js";
import { servedPage } from "../../reporting/served-page.js";
import { route } from "../route.js";

const POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

const page = route({
  method: "GET",
  url: "/live",
  summary: "A page to search runs side by side, with reasons",
  tag: "pages",
  query: z.strictObject({
    runs: z
      .string()
      .max(10_000)
      .optional()
      .describe("names with commas between, the first two are shown at first; default: all that are served"),
  }),
  sends: "text/html; charset=utf-8",
  handle: ({ query, reply }, { runs }) => {
    const names = query.runs === undefined ? runs.names() : query.runs.split(",");
    const systems = names.flatMap((name) => {
      const run = runs.find(name.trim());
      const { system, kind, status } = run.manifest();
      const answers = status === "finished" && kind !== "rankings";
      return answers ? [{ run: runs.nameOf(run), name: system, kind }] : [];
    });
    reply.header("content-security-policy", POLICY);
    return servedPage(systems);
  },
});

const script = route({
  ...{ method: "GET", url: "/live.js", summary: "The script of /live", tag: "pages" },
  public: true,
  sends: "text/javascript; charset=utf-8",
  handle: () => bundleForBrowser("lib/browser/page/served-entry.ts"),
});

export const live = [page, script];
