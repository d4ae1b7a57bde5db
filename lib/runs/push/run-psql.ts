import { spawnSync } from "node:child_process";
import { UserError } from "../../files/user-error.js";

/**
 * PostgreSQL's own client does what the file says, all or nothing. A password in the address reaches it by PGPASSWORD: everybody on
 * the machine sees what a program is called with.
 *
 * @throws UserError where psql is not there, and with what the server refuses
 */
export function runPsql(url: string, file: string): void {
  const { address, password } = withoutPassword(url);
  const args = [address, "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--file", file];
  const { error, status, stderr } = spawnSync("psql", args, {
    encoding: "utf8",
    stdio: ["ignore", "ignore", "pipe"],
    ...(password !== null && { env: { ...process.env, PGPASSWORD: password } }),
  });
  if (error)
    throw new UserError(
      `--url: psql must be installed (Debian: postgresql-client), got ${error.message}; ${file} is written`,
    );
  if (status !== 0) throw new UserError(`${hostOf(url)}: ${stderr.trim().split("\n").slice(0, 3).join(" ")}`);
}

/** An address without what it may say of a password. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? `${new URL(url).protocol}//${new URL(url).host}` : "server";
}

/**
 * Takes the password out of `postgresql://user:password@host/db` or `…?password=…`, whichever number of hosts is named.
 *
 * @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
 */
function withoutPassword(url: string): { address: string; password: string | null } {
  let password: string | null = null;
  const take = (before: string, found: string) => {
    password = decodeURIComponent(found);
    return before;
  };
  const address = url
    .replace(/^(\w+:\/\/[^:@/?]*):([^@/?]*)(?=@)/, (_, before, found) => take(before, found))
    .replace(/([?&])password=([^&]*)&?/, (_, before, found) => take(before, found))
    .replace(/[?&]$/, "");
  return { address, password };
}
