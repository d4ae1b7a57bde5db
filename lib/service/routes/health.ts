import { z } from "zod";
import { route } from "../route.js";

/** `GET /healthz`: whether the service answers; says nothing of what it holds, for it asks no token. */
export const health = route({
  method: "GET",
  url: "/healthz",
  summary: "Whether the service answers",
  tag: "service",
  public: true,
  answer: z.object({ ok: z.literal(true) }),
  handle: () => ({ ok: true }),
});
