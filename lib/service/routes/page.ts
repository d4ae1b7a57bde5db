import { readFileSync } from "node:fs";
import { z } from "zod";
import { moduleFile, packageFile } from "../../files/package-files.js";
import { DASHBOARD } from "../dashboard-page.js";
import { type Route, route } from "../route.js";
import { ServiceError } from "../service-error.js";
import { COOKIE } from "../token.js";

const tag = "pages";
const POLICY =
  "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

const page = route({
  ...{ method: "GET", url: "/", tag, summary: "The dashboard: upload, follow, download, search" },
  public: true,
  sends: "text/html; charset=utf-8",
  handle: ({ reply }) => {
    reply.header("content-security-policy", POLICY);
    return DASHBOARD;
  },
});

/** The pages' files hold nothing of anybody's. */
const file = (name: string, sends: string, read: () => string | Promise<string>) =>
  route({
    ...{ method: "GET", url: `/${name}`, tag, summary: `The dashboard's ${name}` },
    public: true,
    sends,
    handle: read,
  });

const ours = (name: string) => readFileSync(packageFile(`lib/service/browser/${name}`), "utf8");

let bundled: Promise<string> | null = null;

/** The client as one file for browsers. */
async function bundleClient(): Promise<string> {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    ...{ entryPoints: [moduleFile("lib/client/client.ts")], bundle: true, minify: true, write: false },
    ...{ format: "esm", platform: "browser", target: "es2022", logLevel: "silent" },
  });
  return outputFiles[0]!.text;
}

/** Of every server with pages. */
export const login: Route<unknown> = route({
  ...{ method: "POST", url: "/login", tag, summary: "Give this browser a cookie that counts as the token" },
  public: true,
  body: z.strictObject({ token: z.string().min(1).max(1000) }),
  answer: z.object({ ok: z.literal(true) }),
  handle: ({ body, reply, holds, request }) => {
    if (!holds(body.token)) throw new ServiceError(401, "token is wrong");
    const secure = request.headers["x-forwarded-proto"] === "https" ? "; Secure" : "";
    reply.header(
      "set-cookie",
      `${COOKIE}=${encodeURIComponent(body.token)}; Path=/; HttpOnly; SameSite=Strict${secure}`,
    );
    return { ok: true as const };
  },
});

export const pages = [
  page,
  file("dashboard.js", "text/javascript; charset=utf-8", () => ours("dashboard.js")),
  file("dashboard.css", "text/css; charset=utf-8", () => ours("dashboard.css")),
  file("client.js", "text/javascript; charset=utf-8", () => (bundled ??= bundleClient())),
  login,
];
