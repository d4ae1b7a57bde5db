// The list of runs in a page: filter, sort, choose; settings that differ, curves overlaid, a setting against a measure.
// Plain browser script, inlined by html-page.ts after page.js.
(() => {
  const CURVES_AT_ONCE = 24;

  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes))
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (value !== undefined) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }
  const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const number = (text) => (text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : null);
  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b : String(a) < String(b) ? -1 : Number(String(a) > String(b));

  for (const root of document.querySelectorAll(".q-runs")) {
    const data = JSON.parse(root.querySelector("script").textContent);
    const { looks, layout, config } = data;
    let runs = data.runs.map((run, place) => ({ ...run, look: looks[place % looks.length] }));
    const columns = [...data.columns];
    const chosen = new Set(runs.slice(0, 12));
    let sorting = { key: null, sign: 1 };
    let filter = "";

    const valueOf = (run, key) => run.facts[key] ?? run.measures[key] ?? run.settings[key] ?? null;
    const keysOf = (part) => [...new Set(runs.flatMap((run) => Object.keys(run[part])))];
    const varying = () => keysOf("settings").filter((key) => new Set(runs.map((run) => run.settings[key])).size > 1);
    const shownValue = (key, value) =>
      value === null
        ? ""
        : key === "started"
          ? String(value).slice(0, 16).replace("T", " ")
          : typeof value !== "number" || Number.isInteger(value)
            ? String(value)
            : key.includes("@")
              ? value.toFixed(3)
              : String(Number(value.toPrecision(4)));

    /** A word is looked for in all of a run; KEY>VALUE and the like compare. */
    const signs = {
      "<=": (a, b) => compare(a, b) <= 0,
      ">=": (a, b) => compare(a, b) >= 0,
      "!=": (a, b) => String(a) !== String(b),
      "~": (a, b) => String(a).toLowerCase().includes(String(b).toLowerCase()),
      "<": (a, b) => compare(a, b) < 0,
      ">": (a, b) => compare(a, b) > 0,
      "=": (a, b) => String(a) === String(b),
    };
    function passes(run, term) {
      const found = /^([^<>=!~]+)(<=|>=|!=|~|<|>|=)(.*)$/.exec(term);
      if (!found) {
        const all = [run.name, ...Object.values(run.facts)].join(" ").toLowerCase();
        return all.includes(term.toLowerCase());
      }
      const known = [...keysOf("facts"), ...keysOf("measures"), ...keysOf("settings")];
      const key = known.includes(found[1]) ? found[1] : known.find((name) => name.endsWith(`.${found[1]}`));
      const value = key === undefined ? null : valueOf(run, key);
      return value !== null && signs[found[2]](value, number(found[3]) ?? found[3]);
    }
    function visible() {
      const terms = filter.split(/\s+/).filter(Boolean);
      const kept = runs.filter((run) => terms.every((term) => passes(run, term)));
      const { key, sign } = sorting;
      if (key === null) return kept;
      return kept.sort((a, b) => {
        const [x, y] = key === "run" ? [a.name, b.name] : [valueOf(a, key), valueOf(b, key)];
        if (x === null || y === null) return Number(x === null) - Number(y === null);
        return sign * compare(x, y);
      });
    }
    const shown = () => visible().filter((run) => chosen.has(run));

    const select = (label, onChange) => element("select", { "aria-label": label, onchange: onChange });
    const fill = (list, names) => {
      const before = list.value;
      list.replaceChildren(...names.map((name) => element("option", { value: name }, name)));
      if (names.includes(before)) list.value = before;
    };
    const note = element("p", { class: "q-runs-note", role: "status" });
    const table = element("div", { class: "q-scroll", tabindex: "0", role: "region", "aria-label": "Runs" });
    const differences = element("div", {
      ...{ class: "q-scroll", tabindex: "0", role: "region", "aria-label": "Settings that differ" },
    });
    const box = element("input", {
      ...{ type: "search", "aria-label": "Filter runs", placeholder: "bm25 Recall@10>=.5 seed=7" },
      oninput: () => {
        filter = box.value;
        show();
      },
    });
    const further = select("Add a column", () => {
      if (further.value !== "add a column") columns.push(further.value);
      show();
    });
    const curve = select("Curve", () => drawCurves());
    const setting = select("Setting", () => drawSettings());
    const measure = select("Measure of the runs", () => drawSettings());
    const plots = ["Curves of the chosen runs", "A setting against a measure"].map((label) =>
      element("div", { class: "q-runs-plot", role: "group", "aria-label": label }),
    );
    const [curves, settings] = plots;

    async function remove(run) {
      if (!window.confirm(`Delete ${run.name} with its folder?`)) return;
      const [experiment, name] = run.name.split("/").map(encodeURIComponent);
      const answer = await fetch(`/api/v1/experiments/${experiment}/runs/${name}`, { method: "DELETE" });
      if (answer.ok) {
        runs = runs.filter((other) => other !== run);
        chosen.delete(run);
        show();
      } else note.textContent = `${run.name} was not deleted: ${(await answer.text()).slice(0, 300)}`;
    }

    function headOf(key) {
      const state = sorting.key === key ? (sorting.sign > 0 ? "ascending" : "descending") : "none";
      const sort = () => {
        sorting = { key, sign: sorting.key === key ? -sorting.sign : key.includes("@") ? -1 : 1 };
        show();
        table.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
      };
      const arrow = { none: "", ascending: " ↑", descending: " ↓" }[state];
      const label = element("button", { type: "button", "data-key": key, onclick: sort }, `${key}${arrow}`);
      return element("th", { scope: "col", "aria-sort": state }, label);
    }

    function rowOf(run) {
      const tick = element("input", {
        ...{ type: "checkbox", "aria-label": `Choose ${run.name}` },
        onchange: () => {
          if (tick.checked) chosen.add(run);
          else chosen.delete(run);
          compared();
        },
      });
      tick.checked = chosen.has(run);
      const cells = columns.map((key) => element("td", {}, shownValue(key, valueOf(run, key))));
      const last = data.served
        ? [element("td", {}, element("button", { type: "button", "aria-label": `Delete ${run.name}`, onclick: () => remove(run) }, "delete"))]
        : [];
      return element("tr", {}, element("td", {}, tick), element("th", { scope: "row" }, run.name), ...cells, ...last);
    }

    function show() {
      const some = visible();
      note.textContent = `${some.length} of ${runs.length} runs`;
      const end = data.served ? [element("th", { scope: "col" }, "delete")] : [];
      table.replaceChildren(
        element(
          "table",
          {},
          element(
            "thead",
            {},
            element("tr", {}, element("th", { scope: "col" }, "chosen"), headOf("run"), ...columns.map(headOf), ...end),
          ),
          element("tbody", {}, ...some.map(rowOf)),
        ),
      );
      const rest = [...keysOf("facts"), ...keysOf("measures"), ...varying()].filter((key) => !columns.includes(key));
      fill(further, ["add a column", ...rest]);
      further.value = "add a column";
      fill(curve, keysOf("curves"));
      fill(setting, varying());
      fill(measure, keysOf("measures"));
      compared();
    }

    function compared() {
      const some = shown();
      const keys = [...new Set(some.flatMap((run) => Object.keys(run.settings)))].filter(
        (key) => new Set(some.map((run) => run.settings[key])).size > 1,
      );
      const said = (value) => (value === undefined ? "—" : String(value));
      differences.replaceChildren(
        some.length < 2 || keys.length === 0
          ? element("p", {}, some.length < 2 ? "Choose two runs or more." : "No setting differs.")
          : element(
              "table",
              {},
              element(
                "thead",
                {},
                element(
                  "tr",
                  {},
                  ...["setting", ...some.map((run) => run.name)].map((text) => element("th", { scope: "col" }, text)),
                ),
              ),
              element(
                "tbody",
                {},
                ...keys.map((key) =>
                  element(
                    "tr",
                    {},
                    element("th", { scope: "row" }, key),
                    ...some.map((run) => element("td", {}, said(run.settings[key]))),
                  ),
                ),
              ),
            ),
      );
      drawCurves();
      drawSettings();
    }

    async function draw(plot, traces, x, y) {
      const titled = (title, axis) => ({ ...axis, title: { text: plain(title), standoff: 10 } });
      const own = { ...layout, xaxis: titled(x, layout.xaxis), yaxis: titled(y, layout.yaxis) };
      await window.Plotly.react(plot, traces, own, config);
      await window.Plotly.relayout(plot, window.qdrlFigureColors());
      if (plot.dataset.state !== "drawn") window.qdrlFigureKeys(plot);
      plot.dataset.state = "drawn";
    }

    function drawCurves() {
      const name = curve.value;
      const some = shown().filter((run) => run.curves[name]).slice(0, CURVES_AT_ONCE);
      const traces = some.map(({ name: run, curves: own, look: [color, symbol, dash] }) => ({
        ...{ type: "scatter", mode: "lines+markers", name: plain(run), x: own[name].step, y: own[name].value },
        line: { color, width: 2, dash },
        marker: { color, symbol, size: 7, maxdisplayed: 14 },
      }));
      return draw(curves, traces, "training step", name);
    }

    function drawSettings() {
      const [key, name] = [setting.value, measure.value];
      const some = visible().filter((run) => run.settings[key] !== undefined && run.measures[name] !== undefined);
      const traces = some.map((run) => ({
        ...{ type: "scatter", mode: "markers", name: plain(run.name) },
        x: [typeof run.settings[key] === "number" ? run.settings[key] : plain(run.settings[key])],
        y: [run.measures[name]],
        marker: { color: run.look[0], symbol: run.look[1], size: 11 },
      }));
      return draw(settings, traces, key, name);
    }

    root.replaceChildren(
      element("div", { class: "q-runs-tools" }, box, further),
      note,
      table,
      element("h3", {}, "Settings that differ"),
      differences,
      element("h3", {}, "Curves"),
      element("div", { class: "q-runs-tools" }, curve),
      curves,
      element("h3", {}, "Settings against measures"),
      element("div", { class: "q-runs-tools" }, setting, measure),
      settings,
    );
    show();
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      for (const plot of plots) window.Plotly.relayout(plot, window.qdrlFigureColors());
    });
  }
})();
