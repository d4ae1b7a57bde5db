// Runs in a report page: draws the figures, follows the colour scheme and the printer, marks the current section in the
// navigation. Plain browser script, inlined by html-page.ts.
(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const phone = window.matchMedia("(max-width: 640px)");
  const plots = [...document.querySelectorAll(".plot")];

  const colors = (isDark) =>
    isDark
      ? { "font.color": "#b3bac5", "modebar.color": "#b3bac5", "modebar.activecolor": "#6cb8ee", "hoverlabel.bgcolor": "#242a33", "hoverlabel.font.color": "#e6e9ee" }
      : { "font.color": "#4a5160", "modebar.color": "#4a5160", "modebar.activecolor": "#0067a3", "hoverlabel.bgcolor": "#ffffff", "hoverlabel.font.color": "#16191f" };

  window.qdrlFigureColors = () => colors(dark.matches);

  function draw(plot) {
    const { data, layout, config } = JSON.parse(plot.nextElementSibling.textContent);
    if (phone.matches) config.displayModeBar = false;
    if (phone.matches && layout.height > 480) layout.height = 480;
    if (phone.matches) layout.dragmode = false;
    const failed = (error) => {
      plot.textContent = `This figure could not be drawn: ${error.message}`;
      plot.dataset.state = "failed";
    };
    try {
      return window.Plotly.newPlot(plot, data, layout, config)
        .then(() => window.Plotly.relayout(plot, colors(dark.matches)))
        .then(() => {
          window.qdrlFigureKeys(plot);
          plot.dataset.state = "drawn";
        }, failed);
    } catch (error) {
      failed(error);
      return Promise.resolve();
    }
  }

  function recolor(isDark) {
    for (const plot of plots) if (plot.dataset.state === "drawn") window.Plotly.relayout(plot, colors(isDark));
  }

  // a figure in a closed <details> has no width yet: it is drawn when that opens
  const isShown = (plot) => plot.closest("details:not([open])") === null;
  const drawAll = (some) =>
    some.reduce((before, plot) => before.then(() => plot.dataset.state ?? draw(plot)), Promise.resolve());
  drawAll(plots.filter(isShown));
  dark.addEventListener("change", () => recolor(dark.matches));
  window.addEventListener("beforeprint", () => recolor(false));
  window.addEventListener("afterprint", () => recolor(dark.matches));
  for (const details of document.querySelectorAll("details"))
    details.addEventListener("toggle", () => drawAll([...details.querySelectorAll(".plot")].filter(isShown)));

  const links = new Map([...document.querySelectorAll("nav a")].map((link) => [decodeURIComponent(link.hash.slice(1)), link]));
  const sections = [...document.querySelectorAll("main section")];
  // a long navigation scrolls sideways by itself
  const showLink = (link) => {
    const bar = link.parentElement;
    const room = bar.clientWidth;
    if (link.offsetLeft < bar.scrollLeft || link.offsetLeft + link.offsetWidth > bar.scrollLeft + room)
      bar.scrollTo({ left: link.offsetLeft - room / 3, behavior: "smooth" });
  };
  const follow = () => {
    const passed = sections.filter((section) => section.getBoundingClientRect().top < 120);
    const atEnd = window.innerHeight + window.scrollY >= document.documentElement.scrollHeight - 4;
    const current = (atEnd ? sections : passed).at(-1);
    for (const [id, link] of links) {
      const isHere = current !== undefined && id === current.id;
      if (isHere && !link.classList.contains("here")) showLink(link);
      link.classList.toggle("here", isHere);
    }
  };
  window.addEventListener("scroll", follow, { passive: true });
  follow();
})();
