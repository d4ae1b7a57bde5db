import type { Figure } from "./figures/theme.js";
import { type ImageRenderer, openImageRenderer } from "./static-image.js";

/** How long a browser stays open for the next figure. */
const IDLE_MS = 1500;

let opened: Promise<ImageRenderer | null> | null = null;
let idle: NodeJS.Timeout | undefined;
let drawing = 0;

/**
 * A figure as a PNG of few bytes (256 colours), drawn by a headless Chromium that is opened for the first and closed when
 * no other follows. Null where there is none, which is said once, or where the environment has QDRL_FIGURES=live.
 */
export async function figurePicture(figure: Figure): Promise<Buffer | null> {
  if (process.env["QDRL_FIGURES"] === "live") return null;
  clearTimeout(idle);
  drawing++;
  try {
    opened ??= open();
    const renderer = await opened;
    if (renderer === null) return null;
    const png = await renderer.render(figure, { width: 800, scale: 1.5 });
    const { default: sharp } = await import("sharp");
    return await sharp(png).png({ palette: true, compressionLevel: 9 }).toBuffer();
  } finally {
    if (--drawing === 0) idle = setTimeout(close, IDLE_MS).unref();
  }
}

async function open(): Promise<ImageRenderer | null> {
  const found = await openImageRenderer();
  if (found.renderer === null) console.log(`${found.reason} (exported notebooks show no figures)`);
  return found.renderer;
}

async function close(): Promise<void> {
  const renderer = await opened;
  if (renderer === null || drawing > 0) return; // without a browser there is nothing to close, or to say again
  opened = null;
  await renderer?.close();
}
