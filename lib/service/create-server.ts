import type { FastifyInstance } from "fastify";
import type { z } from "zod";
import { describeIssue } from "../config/describe-issue.js";
import { systemFault } from "../files/system-fault.js";
import { UserError } from "../files/user-error.js";
import { loadFastify } from "./load-fastify.js";
import { openApiOf } from "./open-api.js";
import type { Route } from "./route.js";
import { ROUTES } from "./routes.js";
import type { Service } from "./service.js";
import { ServiceError } from "./service-error.js";
import { checkToken, isToken, isTrusted } from "./token.js";

export interface ServerOptions {
  /** null: whoever reaches the server is answered. */
  token: string | null;
  /** Requests a second from one address. Default 200. */
  rate?: number;
  /** Bytes of a JSON body. Default 1 MiB. */
  bodyLimit?: number;
  /** Structured logs, a line of JSON each: of this level and up, or none. Default none. */
  logLevel?: "debug" | "info" | "warn" | "error" | null;
}

/** The HTTP server of a service, not listening yet, with every route of routes.ts. */
export function createServer(service: Service, options: ServerOptions): Promise<FastifyInstance> {
  return serverOf(ROUTES, service, options);
}

/**
 * An HTTP server, not listening yet: its routes under one token, one rate limit and size limits, with `/openapi.json` made from
 * the routes' schemas.
 */
export async function serverOf<S extends Pick<Service, "uploadLimit">>(
  routes: readonly Route<S>[],
  service: S,
  options: ServerOptions,
): Promise<FastifyInstance> {
  const { fastify, swagger, rateLimit } = await loadFastify();
  const { token, rate = 200, bodyLimit = 2 ** 20, logLevel = null } = options;
  const app = fastify({
    bodyLimit,
    requestTimeout: 3_600_000,
    routerOptions: { maxParamLength: 200 },
    logger: logLevel !== null && {
      level: logLevel,
      stream: process.stderr,
      serializers: { req: loggedRequest },
    },
    forceCloseConnections: "idle",
  }) as unknown as FastifyInstance;
  app.setValidatorCompiler<z.ZodType>(({ schema }) => (value) => {
    const parsed = schema.safeParse(value);
    return parsed.success
      ? { value: parsed.data }
      : { error: new ServiceError(400, whatIsWrong(parsed.error, schema, value)) };
  });
  app.setSerializerCompiler(() => JSON.stringify);
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const fault = systemFault(error) as Error & { statusCode?: number };
    const status = fault.statusCode ?? (fault instanceof UserError ? 422 : 500);
    if (status >= 500) request.log.error({ err: fault }, "failed");
    if (status === 401 && request.method === "GET" && /\btext\/html\b/.test(request.headers.accept ?? ""))
      return reply.redirect(`/?next=${encodeURIComponent(pathOf(request.url))}`);
    void reply
      .code(status)
      .send({ message: status >= 500 ? "the service failed; see its log" : fault.message });
  });
  app.setNotFoundHandler({ preHandler: app.rateLimit?.() }, (request, reply) => {
    void reply
      .code(404)
      .send({ message: `unknown address ${request.method} ${pathOf(request.url)}; see /openapi.json` });
  });
  await app.register(swagger, openApiOf(token !== null));
  await app.register(rateLimit, {
    max: rate,
    timeWindow: 1000,
    errorResponseBuilder: () =>
      new ServiceError(429, `too many requests: at most ${rate} a second from one address`),
  });
  app.addHook("onRequest", checkToken(token));
  addBodies(app, service.uploadLimit);
  for (const declared of [openApi, ...routes]) addRoute(app, declared, service, token);
  return app;
}

/** `GET /openapi.json`. */
const openApi: Route<unknown> = {
  method: "GET",
  url: "/openapi.json",
  summary: "This document",
  tag: "service",
  public: true,
  handle: ({ request }) => request.server.swagger(),
};

function addRoute<S>(app: FastifyInstance, declared: Route<S>, service: S, token: string | null): void {
  const { method, url, summary, tag, params, query, body, answer, stream, bodyLimit, sends } = declared;
  const schemas = {
    params,
    querystring: query,
    body: stream ? undefined : body,
    response: answer && { 200: answer },
  };
  const given = Object.fromEntries(Object.entries(schemas).filter(([, schema]) => schema !== undefined));
  app.route({
    method,
    url,
    schema: { summary, tags: [tag], ...given },
    config: { declared },
    ...(bodyLimit !== undefined && { bodyLimit }),
    handler: (request, reply) =>
      declared.handle(
        {
          params: request.params as never,
          query: request.query as never,
          body: request.body as never,
          request,
          reply: sends === undefined ? reply : reply.type(sends),
          trusted: isTrusted(request, token),
          holds: (shown) => token === null || isToken(shown, token),
        },
        service,
      ),
  });
}

/** JSON is parsed, of everything else the bytes are left to the route that takes a stream. */
function addBodies(app: FastifyInstance, uploadLimit: number): void {
  app.removeContentTypeParser("text/plain");
  app.addContentTypeParser("*", { bodyLimit: uploadLimit }, (request, body, done) => {
    if ((request.routeOptions.config as { declared?: Route }).declared?.stream) return done(null, body);
    return done(
      new ServiceError(415, `content type must be application/json, got ${request.headers["content-type"]}`),
    );
  });
}

/** One line a fault, as of a configuration. */
function whatIsWrong(error: z.ZodError, schema: z.ZodType, value: unknown): string {
  return error.issues
    .flatMap((issue) => describeIssue(issue, schema, value, () => "request", "the body"))
    .map((line) => (line.length > 500 ? `${line.slice(0, 500)} …` : line))
    .slice(0, 10)
    .join("\n");
}

/** Without what follows "?": it might say something that is nobody's business. */
function pathOf(url: string): string {
  return url.split("?")[0]!.slice(0, 200);
}

function loggedRequest(request: { method: string; url: string; ip: string }) {
  return { method: request.method, path: pathOf(request.url), address: request.ip };
}
