import type { Route } from "./route.js";
import { artifacts } from "./routes/artifacts.js";
import { data } from "./routes/data.js";
import { encode } from "./routes/encode.js";
import { experiments } from "./routes/experiments.js";
import { explain } from "./routes/explain.js";
import { health } from "./routes/health.js";
import { judging } from "./routes/judge.js";
import { live } from "./routes/live.js";
import { runLogs } from "./routes/logs.js";
import { pages } from "./routes/page.js";
import { rank } from "./routes/rank.js";
import { results } from "./routes/results.js";
import { runs } from "./routes/runs.js";
import { runsPages } from "./routes/runs-page.js";
import { search } from "./routes/search.js";

/** Every address of the service. A new one is a file in routes/ and a line here: token, limits and OpenAPI come with it. */
export const ROUTES: readonly Route[] = [
  health,
  search,
  encode,
  explain,
  rank,
  ...experiments,
  ...runs,
  ...runLogs,
  ...results,
  ...artifacts,
  ...data,
  ...pages,
  ...live,
  ...judging,
  ...runsPages,
];
