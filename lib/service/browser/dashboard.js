// The dashboard of `qdrl serve`: upload a table, follow its training, download the model, search. All by the client that
// programs use, /client.js.
import { connect, RemoteError } from "/client.js";

const client = connect(location.origin);
const byId = (id) => document.getElementById(id);
let shown = 0; // counts what was chosen, so that an earlier log stops when another is shown

/** An element with text and attributes; text is never read as HTML. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes))
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Shows what went wrong; without a token, asks for it. */
function fail(error) {
  if (error instanceof RemoteError && error.status === 401) {
    byId("login").hidden = false;
    byId("content").hidden = true;
    byId("token").focus();
    return;
  }
  byId("error").textContent = error.message;
}

/** Runs an action of a form or button; nothing is left unsaid. */
const doing = (action) => async (event) => {
  event?.preventDefault();
  byId("error").textContent = "";
  try {
    await action(event);
  } catch (error) {
    fail(error);
  }
};

let page = 1;

async function listRuns() {
  const { items, total, size } = await client.listRuns(null, page, 20);
  const rows = items.map((run) => {
    const id = `${run.experiment}/${run.name}`;
    const open = element("button", { type: "button", onclick: doing(() => show(run)) }, id);
    const ended = run.endedAt ?? run.createdAt;
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, open),
      element("td", { "data-state": run.state }, run.state.toLowerCase()),
      element("td", {}, ended === null ? "" : new Date(ended).toLocaleString()),
      element("td", {}, run.message ?? ""),
    );
  });
  byId("rows").replaceChildren(...rows);
  byId("total").textContent = `${total} ${total === 1 ? "run" : "runs"}`;
  byId("previous").disabled = page === 1;
  byId("next").disabled = page * size >= total;
}

/** Follows a run's log, and shows what can be done with it once it has ended. */
async function show({ experiment, name }) {
  const mine = ++shown;
  const run = await client.getRun(experiment, name);
  byId("run").hidden = false;
  byId("run-title").textContent = `${experiment}/${name}`;
  byId("log").textContent = "";
  byId("hits").replaceChildren();
  for (const id of ["after", "search"]) byId(id).hidden = true;
  byId("cancel").disabled = false;
  byId("cancel").onclick = doing(async () => {
    await run.cancel();
    await listRuns();
  });
  byId("remove").onclick = doing(async () => {
    if (!confirm(`Remove ${experiment}/${name} with its folder?`)) return;
    await run.delete();
    byId("run").hidden = true;
    await listRuns();
  });
  byId("search").onsubmit = doing(async () => {
    const hits = await run.search(byId("query").value, 10);
    const items = hits.map((hit) => element("li", {}, `${hit.name} `, element("span", {}, hit.score.toFixed(3))));
    byId("hits").replaceChildren(...(items.length > 0 ? items : [element("li", {}, "nothing found")]));
  });
  byId("run").scrollIntoView({ behavior: "smooth" });
  for await (const line of run.streamLogs()) {
    if (mine !== shown) return;
    byId("log").append(`${line}\n`);
    byId("log").scrollTop = byId("log").scrollHeight;
  }
  if (mine !== shown) return;
  byId("cancel").disabled = true;
  const { state } = await run.status();
  await listRuns();
  if (state !== "FINISHED") return;
  byId("search").hidden = false;
  const artifacts = await run.listArtifacts();
  const links = artifacts.map((artifact) => {
    const href = `/api/v1/experiments/${experiment}/runs/${name}/artifacts/${artifact.name}`;
    const text = `${artifact.name} (${(artifact.bytes / 2 ** 20).toFixed(1)} MiB)`;
    return element("a", { href, download: `${experiment}-${name}-${artifact.name}` }, text);
  });
  const { before = {}, after = {} } = await run.metrics();
  const measures = Object.entries(after).filter(([key]) => key.includes("@") && !key.includes("typos_prob"));
  byId("downloads").replaceChildren(...(links.length > 0 ? links : ["none"]));
  byId("measures").textContent = measures
    .map(([key, value]) => `${key} ${Object.hasOwn(before, key) ? `${before[key].toFixed(3)} → ` : ""}${value.toFixed(3)}`)
    .join(" · ");
  byId("after").hidden = false;
}

byId("upload").onsubmit = doing(async () => {
  const [file] = byId("table").files;
  const format = /\.(tsv|jsonl|parquet)$/i.exec(file.name)?.[1].toLowerCase() ?? "csv";
  const whole = (id) => (byId(id).value === "" ? {} : { [id]: Number(byId(id).value) });
  const text = (id) => (byId(id).value.trim() === "" ? {} : { [id]: byId(id).value.trim() });
  const columns = {};
  for (const role of ["query", "title"])
    if (byId(`column-${role}`).value.trim() !== "") columns[role] = byId(`column-${role}`).value.trim();
  byId("start").disabled = true;
  try {
    const options = { ...text("experiment"), ...text("name"), ...whole("epochs"), format, columns };
    const run = await client.fit(file, options);
    await listRuns();
    void doing(() => show(run))();
  } finally {
    byId("start").disabled = false;
  }
});
byId("previous").onclick = doing(() => {
  page--;
  return listRuns();
});
byId("next").onclick = doing(() => {
  page++;
  return listRuns();
});

async function login(token) {
  await client.call("POST", "/login", { token }).catch((error) => {
    byId("error").textContent = error.message;
    throw error;
  });
  byId("login").hidden = true;
  byId("content").hidden = false;
  const next = new URLSearchParams(location.search).get("next");
  // pages of this server alone
  if (next !== null && new URL(next, location.origin).origin === location.origin) location.replace(next);
  await listRuns();
}
byId("login").onsubmit = doing(() => login(byId("token").value.trim()));

const given = /^#token=(.+)$/.exec(location.hash)?.[1];
if (given !== undefined) history.replaceState(null, "", location.pathname + location.search);
// an address with a token that is put into a page which is open already
addEventListener("hashchange", () => {
  if (location.hash.startsWith("#token=")) location.reload();
});
await doing(() => (given === undefined ? listRuns() : login(decodeURIComponent(given))))();
document.body.dataset.state = "ready";
