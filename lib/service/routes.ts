import type { Route } from "./route.js";
import { encode } from "./routes/encode.js";
import { health } from "./routes/health.js";
import { search } from "./routes/search.js";

/** Every address of the service. A new one is a file in routes/ and a line here: token, limits and OpenAPI come with it. */
export const ROUTES: readonly Route[] = [health, search, encode];
