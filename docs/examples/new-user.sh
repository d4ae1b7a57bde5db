#!/bin/sh
# As a new user would: the server from this repository, everything else without it. Needs curl and Node 20.
#   sh docs/examples/new-user.sh        prints each step; exit code 0 if all of it worked
set -eu
here=$(pwd)
folder=$(mktemp -d)
port=${PORT:-8091}
export QDRL_TOKEN=a-token-for-the-new-user
address=http://127.0.0.1:$port
node tools/qdrl.mjs serve --root "$folder/runs" --port "$port" --log warn &
server=$!
trap 'kill $server; wait $server || true; rm -rf "$folder"' EXIT
until curl -fs "$address/healthz" >"$folder/health"; do sleep 1; done
echo "1. the server answers: $(cat "$folder/health")"

cd "$folder"
# the client is one file that the server hands out itself
curl -fs "$address/client.js" -o client.mjs
node -e '
const things = { shoe: "sneaker", lamp: "lantern", chair: "seat", clock: "timer", scarf: "shawl" };
const colours = ["red", "blue", "green", "black", "white", "pink", "grey", "gold"];
console.log("query,title");
for (const colour of colours) for (const [thing, word] of Object.entries(things))
  console.log(`${colour} ${word},${colour} ${thing}\n${word} in ${colour},${colour} ${thing}`);
' >shop.csv
echo "2. a table of $(wc -l <shop.csv) lines, and the client of $(wc -c <client.mjs) bytes"
cat >try.mjs <<'SCRIPT'
import { readFile } from "node:fs/promises";
import { connect } from "./client.mjs";
const client = connect(process.argv[2], { token: process.env.QDRL_TOKEN });
const run = await client.fit(await readFile("shop.csv"), { experiment: "shop", name: "first", epochs: 4 });
console.log("3. training:");
for await (const line of run.streamLogs()) console.log(`   ${line}`);
console.log(`4. the model: ${await run.saveArtifact()}`);
const hits = await run.search("crimson sneaker red", 3);
console.log(`5. found: ${hits.map((hit) => hit.name).join(", ")}`);
if (hits[0]?.name !== "red shoe") throw new Error("must find the red shoe first");
SCRIPT
node try.mjs "$address"
ls -l artifacts
cd "$here"
