import type { FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import type { Service } from "./service.js";

/** What a request brought, checked by the route's schemas. */
export interface Asked<P, Q, B> {
  params: P;
  query: Q;
  body: B;
  request: FastifyRequest;
  reply: FastifyReply;
  /** Whether the token was shown, or none is needed; matters where a route is public. */
  trusted: boolean;
  /** Whether this is the token; where none is needed, anything is. */
  holds(token: string): boolean;
}

/** What a route declares besides its schemas. */
interface RouteFacts {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** As Fastify writes it: "/experiments/:experiment/runs". */
  url: string;
  /** One line for the OpenAPI document. */
  summary: string;
  /** Heading of the OpenAPI document. */
  tag: string;
  /** Answers without the token as well; absent: nobody is answered without it. */
  public?: true;
  /** The body reaches the handler as a stream of bytes, of any content type, up to the service's limit of uploads. */
  stream?: true;
  /** Of a JSON body, in bytes; absent: the service's. */
  bodyLimit?: number;
  /** Content type of what is sent, if it is not JSON. */
  sends?: string;
}

/** One address of a server: checked, documented and answered by what its file declares. */
export interface Route<S = Service> extends RouteFacts {
  params?: z.ZodType;
  query?: z.ZodType;
  body?: z.ZodType;
  /** Of a good answer, for the OpenAPI document. */
  answer?: z.ZodType;
  handle(asked: Asked<never, never, never>, service: S): unknown;
}

/** A {@link Route} whose handler knows what its schemas give. */
export function route<
  P extends z.ZodType = z.ZodNever,
  Q extends z.ZodType = z.ZodNever,
  B extends z.ZodType = z.ZodNever,
  S = Service,
>(
  declared: RouteFacts & {
    params?: P;
    query?: Q;
    body?: B;
    answer?: z.ZodType;
    handle(asked: Asked<z.output<P>, z.output<Q>, z.output<B>>, service: S): unknown;
  },
): Route<S> {
  return declared as unknown as Route<S>;
}
