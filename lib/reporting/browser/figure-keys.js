// Makes a drawn figure one that keys work: its legend's entries are boxes to tick, arrows move the plot, + and − zoom it, 0
// shows all of it again. Plain browser script, an expression, inlined by html-page.ts and display.ts.
(plot) => {
  const entries = () => [...plot.querySelectorAll(".legend .traces")];
  const traceOf = (entry) => entry.__data__[0].trace;
  /** Traces that are shown and hidden together: one, or all of its group. */
  const together = (trace) =>
    plot._fullData
      .filter(({ index, legendgroup }) => index === trace.index || (trace.legendgroup && legendgroup === trace.legendgroup))
      .map(({ index }) => index);

  function name() {
    for (const entry of entries()) {
      const { visible } = traceOf(entry);
      entry.setAttribute("tabindex", "0");
      entry.setAttribute("role", "checkbox");
      entry.setAttribute("aria-checked", String(visible === true));
      entry.setAttribute("aria-label", entry.querySelector(".legendtext")?.textContent ?? "");
    }
  }

  async function toggle(entry) {
    const place = entries().indexOf(entry);
    const trace = traceOf(entry);
    await window.Plotly.restyle(plot, { visible: trace.visible === true ? "legendonly" : true }, together(trace));
    entries()[place]?.focus();
  }

  const axes = ["xaxis", "yaxis"];
  const first = {};
  /** @param change  from a range to another */
  function look(change) {
    const wanted = {};
    for (const axis of axes) {
      const { range, type } = plot._fullLayout[axis];
      if (type === "date" || type === "multicategory") continue;
      first[axis] ??= [...range];
      wanted[`${axis}.range`] = change(range, axis);
    }
    window.Plotly.relayout(plot, wanted);
  }
  const moved = (along, share) => (range, axis) => {
    const step = axis === along ? (range[1] - range[0]) * share : 0;
    return [range[0] + step, range[1] + step];
  };
  const zoomed = (factor) => ([low, high]) => {
    const [middle, half] = [(low + high) / 2, ((high - low) / 2) * factor];
    return [middle - half, middle + half];
  };
  const keys = {
    ArrowLeft: () => look(moved("xaxis", -0.1)),
    ArrowRight: () => look(moved("xaxis", 0.1)),
    ArrowUp: () => look(moved("yaxis", 0.1)),
    ArrowDown: () => look(moved("yaxis", -0.1)),
    "+": () => look(zoomed(1 / 1.4)),
    "=": () => look(zoomed(1 / 1.4)),
    "-": () => look(zoomed(1.4)),
    0: () => look((range, axis) => first[axis] ?? range),
  };

  plot.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const entry = event.target.closest?.(".legend .traces");
    if (entry && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      toggle(entry);
    } else if (event.target === plot && keys[event.key] && plot._fullLayout.xaxis && plot._fullLayout.yaxis) {
      event.preventDefault();
      keys[event.key]();
    }
  });
  // plotly shows the buttons under the mouse alone
  const buttons = (opacity) => () => {
    const bar = plot.querySelector(".modebar");
    if (bar) bar.style.opacity = opacity;
  };
  plot.addEventListener("focusin", buttons("1"));
  plot.addEventListener("focusout", buttons(""));
  plot.tabIndex = 0;
  plot.on("plotly_afterplot", name);
  name();
};
