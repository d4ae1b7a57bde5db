import { bucketAddress } from "./bucket-address.js";
import type { ListedObject, Objects } from "./objects.js";

/** Tries of one request, a second apart at first and then twice as long each time. */
const TRIES = 5;

/**
 * Objects of Google Cloud Storage by its JSON interface and plain fetch; creation is conditional by generation 0. The token
 * comes from GOOGLE_OAUTH_ACCESS_TOKEN, else from the machine's metadata server; with STORAGE_EMULATOR_HOST (a test
 * server's address) none is sent.
 *
 * @see https://cloud.google.com/storage/docs/request-preconditions
 */
export function gcsObjects(address: string): Objects {
  const { bucket, base } = bucketAddress(address);
  const emulator = process.env["STORAGE_EMULATOR_HOST"];
  const origin = emulator === undefined ? "https://storage.googleapis.com" : withScheme(emulator);
  const token = emulator === undefined ? accessToken() : async () => null;
  const call = async (method: string, path: string, body?: string | Uint8Array): Promise<Response> => {
    for (let attempt = 1; ; attempt++) {
      const answer = await send(method, `${origin}${path}`, await token(), body);
      if (!(answer instanceof Error)) {
        if ([200, 204, 404, 412].includes(answer.status)) return answer;
        const text = (await answer.text()).slice(0, 300);
        const error = new Error(`${address}: ${method} must succeed, got ${answer.status} ${text}`);
        if (attempt === TRIES || (answer.status < 500 && answer.status !== 429)) throw error;
      } else if (attempt === TRIES) throw new Error(`${address}: must answer, got ${answer.message}`);
      await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt));
    }
  };
  const upload = async (key: string, body: string | Uint8Array, condition = "") => {
    const name = encodeURIComponent(base + key);
    const path = `/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${name}${condition}`;
    const answer = await call("POST", path, body);
    if (answer.status === 404) throw new Error(`${address}: the bucket must exist, found none`);
    return answer.status === 200;
  };
  const pathOf = (key: string) => `/storage/v1/b/${bucket}/o/${encodeURIComponent(base + key)}`;
  return {
    address,
    create: (key, body) => upload(key, body, "&ifGenerationMatch=0"),
    async put(key, body) {
      await upload(key, body);
    },
    async get(key) {
      const answer = await call("GET", `${pathOf(key)}?alt=media`);
      return answer.status === 404 ? null : new Uint8Array(await answer.arrayBuffer());
    },
    async list(prefix) {
      const found: ListedObject[] = [];
      const query = `prefix=${encodeURIComponent(base + prefix)}&fields=items(name,generation),nextPageToken`;
      for (let page = ""; ; ) {
        const answer = await call("GET", `/storage/v1/b/${bucket}/o?${query}${page}`);
        const { items = [], nextPageToken } = (await answer.json()) as Listing;
        for (const { name, generation } of items)
          found.push({ key: name.slice(base.length), tag: generation });
        if (!nextPageToken) return found;
        page = `&pageToken=${encodeURIComponent(nextPageToken)}`;
      }
    },
    async remove(key) {
      await call("DELETE", pathOf(key));
    },
  };
}

interface Listing {
  items?: { name: string; generation: string }[];
  nextPageToken?: string;
}

/** One request; an error is returned where no answer came. */
async function send(
  method: string,
  url: string,
  token: string | null,
  body?: string | Uint8Array,
): Promise<Response | Error> {
  try {
    return await fetch(url, {
      method,
      ...(body !== undefined && { body }),
      headers: {
        "content-type": "application/octet-stream",
        ...(token !== null && { authorization: `Bearer ${token}` }),
      },
    });
  } catch (error) {
    return error as Error;
  }
}

/** A function that gives a token, asking for another one when the last is about to expire. */
function accessToken(): () => Promise<string> {
  const given = process.env["GOOGLE_OAUTH_ACCESS_TOKEN"];
  if (given) return async () => given;
  let current = { token: "", untilMs: 0 };
  return async () => {
    if (performance.now() < current.untilMs) return current.token;
    const answer = await fetch(METADATA, { headers: { "metadata-flavor": "Google" } }).catch(() => null);
    if (!answer?.ok)
      throw new Error(
        "gs: needs a token: GOOGLE_OAUTH_ACCESS_TOKEN, or a machine of Google Cloud with a service account",
      );
    const { access_token: token, expires_in: seconds } = (await answer.json()) as {
      access_token: string;
      expires_in: number;
    };
    current = { token, untilMs: performance.now() + (seconds - 120) * 1000 };
    return token;
  };
}

const METADATA = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token";

function withScheme(host: string): string {
  return /^https?:\/\//.test(host) ? host.replace(/\/+$/, "") : `http://${host}`;
}
