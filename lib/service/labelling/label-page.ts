import { readFileSync } from "node:fs";
import { packageFile } from "../../files/package-files.js";
import { scriptPage } from "../../reporting/script-page.js";

/** The page at `/` of `qdrl label`; what it shows comes from the server by its script. */
export function labelPage(): string {
  return scriptPage({
    title: "Label",
    style: readFileSync(packageFile("lib/service/browser/label.css"), "utf8"),
    look: "live label",
    content: `<p id="status" role="status"></p>
<form id="login" hidden><label for="token">Token</label> <input id="token" type="password" autocomplete="current-password" required> <button>Log in</button></form>
<div id="labelling" hidden></div>
<noscript><p>This page needs JavaScript.</p></noscript>`,
    script: "/label.js",
  });
}
