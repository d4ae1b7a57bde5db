import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Figure } from "./figures/theme.js";
import { plotlySource } from "./plotly-source.js";

export interface ImageOptions {
  format?: "png" | "svg";
  width?: number;
  height?: number;
  /** Pixels per unit of width and height; PNG only. */
  scale?: number;
}

export interface ImageRenderer {
  render(figure: Figure, options?: ImageOptions): Promise<Buffer>;
  close(): Promise<void>;
}

/** Begin of the name of a browser's own folder; the process that made it follows. */
const FOLDER = "qdrl-figures-";
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The browser that static images are drawn with: `$CHROMIUM`, else the usual places; null where there is none. */
export function findChromium(): string | null {
  const named = process.env["CHROMIUM"];
  return (named === undefined ? CHROMIUM : [named]).find((file) => existsSync(file)) ?? null;
}

/**
 * Starts a headless browser that turns figures into PNG or SVG; one renderer serves many figures. Figures are drawn on
 * white. Where it cannot run, `reason` says why in one line, and callers skip static images with it.
 */
export async function openImageRenderer(): Promise<
  { renderer: ImageRenderer } | { renderer: null; reason: string }
> {
  const browser = findChromium();
  if (browser === null)
    return {
      renderer: null,
      reason: "static images are skipped: Chromium is not installed (apt-get install chromium)",
    };
  const playwright = await import("playwright-core").catch(() => null);
  if (playwright === null)
    return { renderer: null, reason: "static images are skipped: playwright-core is not installed (npm ci)" };
  removeLeftovers();
  const folder = mkdtempSync(join(tmpdir(), `${FOLDER}${process.pid}-`));
  const context = await playwright.chromium
    .launchPersistentContext(folder, { executablePath: browser, headless: true, args: BROWSER_ARGUMENTS })
    .catch((error: Error) => error);
  if (context instanceof Error) {
    rmSync(folder, { recursive: true, force: true });
    return {
      renderer: null,
      reason: `static images are skipped: ${browser} did not start: ${context.message.split("\n")[0]}`,
    };
  }
  const page = context.pages()[0] ?? (await context.newPage());
  await page.setContent('<div id="figure"></div>');
  await page.addScriptTag({ content: plotlySource() });
  const renderer: ImageRenderer = {
    async render(figure, { format = "png", width = 900, height, scale = 2 } = {}) {
      const { height: own } = figure.layout as { height?: number };
      const size = { format, width, height: height ?? own ?? 400, scale: format === "svg" ? 1 : scale };
      const drawn = {
        data: figure.data,
        layout: onPaper(figure.layout),
      };
      const address = await page.evaluate(
        ([what, how]) =>
          (
            globalThis as unknown as { Plotly: { toImage(f: unknown, o: unknown): Promise<string> } }
          ).Plotly.toImage(what, how),
        [drawn, size] as const,
      );
      const comma = address.indexOf(",");
      const body = address.slice(comma + 1);
      return address.slice(0, comma).endsWith("base64")
        ? Buffer.from(body, "base64")
        : Buffer.from(decodeURIComponent(body));
    },
    async close() {
      await context.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return { renderer };
}

/** Folders of processes that were killed before they could remove theirs. */
function removeLeftovers(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(/^(\d+)-/.exec(name.startsWith(FOLDER) ? name.slice(FOLDER.length) : "")?.[1]);
    if (Number.isNaN(pid) || isRunning(pid)) continue;
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** White ground and dark text, whatever the screen's colours are. */
function onPaper(layout: Figure["layout"]): Figure["layout"] {
  const font = { ...(layout["font"] as object | undefined), color: "#2b303a" };
  return { ...layout, font, paper_bgcolor: "#fff", plot_bgcolor: "#fff", autosize: false };
}

/** Flags that keep the browser off the network and let it run as root in a container. */
export const BROWSER_ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
