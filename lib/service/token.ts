import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Route } from "./route.js";
import { ServiceError } from "./service-error.js";

/** Cookie by which a page that has logged in shows the token. */
export const COOKIE = "qdrl_token";

/**
 * Lets requests through that show the token: `Authorization: token …` (or `Bearer …`), or the cookie of a page that logged
 * in. Without a token everybody on this machine is answered, but no web page of elsewhere that a browser here has open.
 */
export function checkToken(token: string | null) {
  return async (request: FastifyRequest, _reply: FastifyReply): Promise<void> => {
    const { declared } = request.routeOptions.config as { declared?: Route };
    refuseForeignPages(request, token === null);
    if (declared?.public || isTrusted(request, token)) return;
    throw new ServiceError(401, "token missing or wrong: send the header Authorization: token …");
  };
}

/** Whether a request shows the token, or none is needed. */
export function isTrusted(request: FastifyRequest, token: string | null): boolean {
  return token === null || isToken(shownToken(request), token);
}

/** In constant time: digests are equally long, so that not even the token's length can be found out. */
export function isToken(shown: string, token: string): boolean {
  return timingSafeEqual(digest(shown), digest(token));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function shownToken(request: FastifyRequest): string {
  const [, header] = /^(?:token|bearer)\s+(.+)$/i.exec(request.headers.authorization ?? "") ?? [];
  if (header !== undefined) return header;
  const [, cookie] = new RegExp(`(?:^|;\\s*)${COOKIE}=([^;]*)`).exec(request.headers.cookie ?? "") ?? [];
  try {
    return decodeURIComponent(cookie ?? "");
  } catch {
    return "";
  }
}

/**
 * A page of another origin may send requests here, with this browser's cookie or from this machine. What changes anything must
 * come from a page of this server or from no page; without a token the name of this server must be one of this machine, which
 * no name that somebody points here is.
 */
function refuseForeignPages({ headers, method }: FastifyRequest, loopbackOnly: boolean): void {
  const host = headers.host ?? "";
  if (loopbackOnly && !/^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host))
    throw new ServiceError(
      403,
      `host must be this machine's where there is no token, got ${JSON.stringify(host.slice(0, 100))}`,
    );
  if (method === "GET" || method === "HEAD" || headers.origin === undefined) return;
  if (headers.origin.replace(/^https?:\/\//, "") !== host)
    throw new ServiceError(
      403,
      `origin must be this server, got ${JSON.stringify(headers.origin.slice(0, 100))}`,
    );
}
