import { readFileSync } from "node:fs";
import { packageFile } from "../../files/package-files.js";
import { contentStyle, pageStyle } from "../../reporting/html-page.js";

/** The page at `/` of `qdrl label`; what it shows comes from the server by its script. */
export function labelPage(): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Label</title>
<link rel="icon" href="data:,">
<style>${contentStyle()}
${pageStyle()}
${readFileSync(packageFile("lib/service/browser/label.css"), "utf8")}</style>
</head>
<body class="qdrl qdrl-page">
<main class="wrap live label">
<h1>Label</h1>
<p id="status" role="status"></p>
<form id="login" hidden><label for="token">Token</label> <input id="token" type="password" autocomplete="current-password" required> <button>Log in</button></form>
<div id="labelling" hidden></div>
<noscript><p>This page needs JavaScript.</p></noscript>
</main>
<script src="/label.js"></script>
</body>
</html>
`;
}
