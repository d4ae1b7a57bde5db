import net from "node:net";
import { Random } from "../../lib/engine/random/random.js";

interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  enum?: unknown[];
}

interface Operation {
  parameters?: { name: string; in: string; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}

/** The part of an OpenAPI document that requests are made from. */
interface OpenApi {
  paths: Record<string, Record<string, Operation>>;
}

const NASTY = [
  ...["", "..", "../../etc/passwd", "%2e%2e%2f", "a/b", "\0", "'; DROP TABLE x", "<script>", "💥".repeat(50)],
  ...["x".repeat(5000), "NaN", "-1", "1e999", "__proto__", "constructor", "con", "a b", "%", "%zz", "\ud800"],
];

/** A request of some operation whose values are mostly wrong. */
interface MalformedRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | null;
}

/**
 * Requests of every operation in turn, with values of the right kind, of another kind, missing, nested, or cut short; repeatable.
 *
 * @param token  shown by five of six
 */
function* malformedRequests(api: OpenApi, count: number, token: string): Generator<MalformedRequest> {
  const random = new Random(17);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() * list.length)]!;
  const anything = (depth = 0): unknown =>
    pick<() => unknown>([
      () => pick(NASTY),
      () => pick([0, -1, 2 ** 53, 1e308, 0.5, true, false, null]),
      () =>
        depth > 3 ? [] : Array.from({ length: Math.floor(random.next() * 4) }, () => anything(depth + 1)),
      () => (depth > 3 ? {} : { [pick(NASTY)]: anything(depth + 1) }),
    ])();
  const valueFor = (schema: Schema): unknown => {
    if (random.next() < 0.3) return anything();
    if (schema.enum) return pick(schema.enum);
    if (schema.anyOf) return valueFor(pick(schema.anyOf));
    const type = Array.isArray(schema.type) ? pick(schema.type) : schema.type;
    if (type === "object") {
      const entries = Object.entries(schema.properties ?? {}).filter(() => random.next() < 0.8);
      const more = random.next() < 0.2 ? [[pick(NASTY), anything()] as const] : [];
      return Object.fromEntries([...entries.map(([key, inner]) => [key, valueFor(inner)] as const), ...more]);
    }
    if (type === "array") return [valueFor(schema.items ?? {}), valueFor(schema.items ?? {})];
    if (type === "integer" || type === "number") return pick([1, 2, 50, 0, -3, 1e9]);
    return pick(["default", "a", "fuzz", ...NASTY]);
  };
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  for (let i = 0; i < count; i++) {
    const { path, method, operation } = operations[i % operations.length]!;
    const filled = path.replace(/\{[^}]+\}/g, () => encode(pick(["default", "a", "fuzz", ...NASTY])));
    const query = (operation.parameters ?? [])
      .filter((parameter) => parameter.in === "query" && random.next() < 0.7)
      .map(({ name, schema }) => `${name}=${encode(String(valueFor(schema)))}`);
    const [type, content] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
    const whole = content ? (JSON.stringify(valueFor(content.schema)) ?? "") : null;
    const body = whole !== null && random.next() < 0.15 ? whole.slice(0, whole.length / 2) : whole;
    const headers: Record<string, string> = {};
    if (random.next() < 5 / 6) headers["authorization"] = `token ${token}`;
    if (body !== null)
      headers["content-type"] = pick([type!, type!, type!, type!, "text/plain", "application/xml", "x"]);
    if (random.next() < 0.1)
      headers["range"] = pick(["bytes=-5", "bytes=9-1", "bytes=a-b", "bytes=0-99999999999999999999"]);
    if (random.next() < 0.1) headers["last-event-id"] = pick(["-1", "x", "99999999999", "1e3"]);
    yield { method, path: `${filled}${query.length > 0 ? `?${query.join("&")}` : ""}`, headers, body };
  }
}

function encode(text: string): string {
  return encodeURIComponent(text.replace(/[\ud800-\udfff]/g, "�"));
}

/**
 * Sends so many malformed requests to a server, one after the other.
 *
 * @returns how often each status was answered, and the requests that were answered as the server's own fault
 */
export async function sendMalformed(
  address: string,
  token: string,
  count: number,
): Promise<{ statuses: Map<number, number>; failures: string[] }> {
  const api = (await (await fetch(`${address}/openapi.json`)).json()) as OpenApi;
  const statuses = new Map<number, number>();
  const failures: string[] = [];
  for (const { method, path, headers, body } of malformedRequests(api, count, token)) {
    const signal = AbortSignal.timeout(5000);
    const answer = await fetch(address + path, { method, headers, body, signal, redirect: "manual" });
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    if (answer.status >= 500) failures.push(`${method} ${path} ${body} → ${answer.status}`);
    await answer.body?.cancel(); // a stream of a run that nobody begins would not end
  }
  for (const bytes of RAW) await sendBytes(address, bytes);
  return { statuses, failures };
}

/** Bytes that are no HTTP, or hardly; resolves when the server has answered or hung up. */
function sendBytes(address: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve) => {
    const socket = net.connect(Number(port), hostname, () => socket.end(bytes, "latin1"));
    let answer = "";
    socket.on("data", (data) => (answer += data.toString("latin1")));
    socket.on("close", () => resolve(answer));
    socket.on("error", () => {});
    socket.setTimeout(3000, () => socket.destroy());
  });
}

/** Requests by hand, each wrong in a way that no client would send. */
const RAW = [
  "GET / HTTP/9.9\r\n\r\n",
  "\0\0\0\0",
  "GET /../../etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
  "POST /search HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n\r\n",
  "POST /search HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${"y".repeat(100_000)}\r\n\r\n`,
  `GET /${"z".repeat(50_000)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`,
];
