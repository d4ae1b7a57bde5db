import { UserError } from "../files/user-error.js";

/** @throws UserError for an address beyond this machine without a token, and for a token that anybody could guess */
export function checkAddress(host: string, token: string | null): void {
  if (token !== null && !/^[\x21-\x7e]{16,}$/.test(token))
    throw new UserError(
      `token: must be at least 16 letters, digits or signs without spaces, got ${token.length} characters`,
    );
  if (token === null && !["127.0.0.1", "::1", "localhost"].includes(host))
    throw new UserError(
      `host: must be 127.0.0.1 where there is no token, got ${host}; set QDRL_TOKEN to listen there`,
    );
}
