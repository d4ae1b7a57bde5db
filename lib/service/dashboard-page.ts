/** The page at `/`: what it shows comes from the service by its script. */
export const DASHBOARD = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>qdrl</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/dashboard.css">
<script type="module" src="/dashboard.js"></script>
</head>
<body>
<main>
<h1>qdrl: from a table to a search</h1>
<p id="error" role="alert"></p>
<form id="login" hidden>
<div class="row"><label for="token">Token<input id="token" type="password" autocomplete="current-password" required></label><button>Log in</button></div>
</form>
<div id="content">
<section aria-labelledby="new">
<h2 id="new">Train on a table</h2>
<form id="upload">
<div class="fields">
<label for="table">Table with a header (CSV, TSV, JSON lines, Parquet)<input id="table" type="file" accept=".csv,.tsv,.jsonl,.parquet" required></label>
<label for="column-query">Column of queries<input id="column-query" placeholder="guessed"></label>
<label for="column-title">Column of documents' titles<input id="column-title" placeholder="guessed"></label>
<label for="experiment">Experiment<input id="experiment" placeholder="default" pattern="[A-Za-z0-9][A-Za-z0-9._\\-]*"></label>
<label for="name">Run<input id="name" placeholder="a name is made" pattern="[A-Za-z0-9][A-Za-z0-9._\\-]*"></label>
<label for="epochs">Epochs<input id="epochs" type="number" min="1" placeholder="by size"></label>
</div>
<button id="start">Start</button>
</form>
</section>
<section id="run" aria-labelledby="run-title" hidden>
<h2 id="run-title"></h2>
<pre id="log" tabindex="0" role="log" aria-label="Log"></pre>
<div id="after" hidden><p>Model: <span id="downloads"></span></p><p id="measures" class="quiet"></p></div>
<form id="search" hidden><div class="row"><label for="query">Search<input id="query" required></label><button>Find</button></div><ol id="hits"></ol></form>
<button id="cancel" type="button">Cancel</button> <button id="remove" type="button">Remove</button>
</section>
<section aria-labelledby="runs">
<h2 id="runs">Runs</h2>
<table><thead><tr><th scope="col">Run</th><th scope="col">State</th><th scope="col">Ended</th><th scope="col">Message</th></tr></thead><tbody id="rows"></tbody></table>
<p><button id="previous" type="button">Previous</button> <button id="next" type="button">Next</button> <span id="total" class="quiet"></span></p>
</section>
<p><a href="/runs">Compare runs: settings, curves, measures</a></p>
<p class="quiet">For programs: <a href="/openapi.json">OpenAPI</a></p>
</div>
</main>
</body>
</html>
`;
