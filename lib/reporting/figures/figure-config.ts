/**
 * How every figure is drawn. plotly's "Share chart…" uploads a figure's data, with the names of all documents and queries
 * on it, to its maker's servers: the button is off, and there is no address to send to.
 *
 * @see https://github.com/plotly/plotly.js, src/plot_api/plot_config.js
 */
export const FIGURE_CONFIG = {
  responsive: true,
  displaylogo: false,
  scrollZoom: false,
  showSendToCloud: false,
  plotlyServerURL: "",
  modeBarButtonsToRemove: ["sendChartToCloud", "lasso2d", "select2d", "autoScale2d"],
} as const;
