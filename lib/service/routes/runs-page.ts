import { createHash } from "node:crypto";
import { catalogueRuns } from "../../analysis/run-catalogue.js";
import { runsPage } from "../../analysis/runs-page.js";
import { RunFolder } from "../../tracking/run-folder.js";
import { route } from "../route.js";

const page = route({
  ...{
    method: "GET",
    url: "/runs",
    summary: "A page to compare runs: settings, curves, measures",
    tag: "pages",
  },
  sends: "text/html; charset=utf-8",
  handle: ({ reply }, { runs }) => {
    const dirs = runs.names().map((name) => runs.find(name).dir);
    const html = runsPage(catalogueRuns(dirs), {
      nameOf: ({ dir }) => runs.nameOf(new RunFolder(dir)),
      served: true,
    });
    reply.header("content-security-policy", policyOf(html));
    return html;
  },
});

/** Lets this page's own scripts run and no others: each is named by its hash. */
function policyOf(html: string): string {
  const hashes = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(
    ([, code]) => `'sha256-${createHash("sha256").update(code!).digest("base64")}'`,
  );
  return `default-src 'none'; script-src ${hashes.join(" ")}; connect-src 'self'; img-src data: blob:; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'`;
}

export const runsPages = [page];
