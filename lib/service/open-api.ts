import { readFileSync } from "node:fs";
import type { SwaggerOptions } from "@fastify/swagger";
import { z } from "zod";
import { packageFile } from "../files/package-files.js";
import type { Route } from "./route.js";

/** How `/openapi.json` is made: OpenAPI 3.1 from the zod schemas of the routes. */
export function openApiOf(hasToken: boolean): SwaggerOptions {
  const { version } = JSON.parse(readFileSync(packageFile("package.json"), "utf8"));
  const securitySchemes = {
    token: {
      type: "apiKey" as const,
      name: "Authorization",
      in: "header" as const,
      description: "`token …`, as `qdrl serve` was given it",
    },
  };
  return {
    openapi: {
      openapi: "3.1.0",
      info: { title: "qdrl", version, description: "Train encoders, follow them, search with them." },
      ...(hasToken && { components: { securitySchemes }, security: [{ token: [] }] }),
    },
    transform: ({ schema, url, route }) => {
      const { declared } = (route.config ?? {}) as { declared?: Route };
      return {
        url,
        schema: {
          ...Object.fromEntries(
            Object.entries(schema ?? {}).map(([key, value]) => [key, jsonOf(key, value)]),
          ),
          ...(declared?.stream && {
            body: { type: "string", format: "binary" },
            consumes: ["application/octet-stream"],
          }),
          ...(declared?.sends && { produces: [declared.sends] }),
          ...(declared?.public && { security: [] }),
        },
      };
    },
  };
}

/** Zod's schemas of a route as JSON schema; its other facts as they are. */
function jsonOf(key: string, value: unknown): unknown {
  if (key === "response")
    return Object.fromEntries(
      Object.entries(value as Record<string, unknown>).map(([status, schema]) => [
        status,
        { description: "what was asked for", ...(jsonSchema(schema, "output") as object) },
      ]),
    );
  return jsonSchema(value, "input");
}

function jsonSchema(value: unknown, io: "input" | "output"): unknown {
  if (!(value instanceof z.ZodType)) return value;
  const { $schema: _, ...schema } = z.toJSONSchema(value, {
    target: "draft-2020-12",
    io,
    unrepresentable: "any",
  });
  return schema;
}
