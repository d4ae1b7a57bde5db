import { UserError } from "../files/user-error.js";

/** The optional packages that only the service needs, loaded when it starts. @throws UserError if they are not there */
export async function loadFastify() {
  try {
    const [{ default: fastify }, { default: swagger }, { default: rateLimit }] = await Promise.all([
      import("fastify"),
      import("@fastify/swagger"),
      import("@fastify/rate-limit"),
    ]);
    return { fastify, swagger, rateLimit };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new UserError(
      "serve: needs packages that are not installed; run: npm install fastify @fastify/swagger @fastify/rate-limit",
    );
  }
}
