import { describe, expect, it } from "vitest";
import { fieldOf, type ServerEvent, serverEvents } from "../../lib/client/server-events.js";
import { vector } from "../fixtures/read-vectors.js";

async function eventsOf(text: string, pieceBytes: number): Promise<ServerEvent[]> {
  const all = new TextEncoder().encode(text);
  const pieces = Array.from({ length: Math.ceil(all.length / pieceBytes) }, (_, i) =>
    all.subarray(i * pieceBytes, (i + 1) * pieceBytes),
  );
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
  const events: ServerEvent[] = [];
  for await (const event of serverEvents(body)) events.push(event);
  return events;
}

describe("server-sent events", () => {
  it("keep what data and event lines say, as in the specification's example", () => {
    const { inputs, expected } = vector("4-finetuner/sse_parsing");
    const fields = (inputs.lines as string[]).map(fieldOf);
    expect(fields.filter(([field]) => field === "data" || field === "event").map(([, text]) => text)).toEqual(
      expected,
    );
  });

  it("are joined over pieces cut anywhere, with all three ends of line, and without comments", async () => {
    const text =
      ": hello\r\nid: 7\r\ndata: one: two\r\ndata:  three\r\n\r\nevent: end\ndata: ü\n\nid: 8\r\rdata\n\ndata: lost";
    const expected = [{ id: "7", data: "one: two\n three" }, { event: "end", data: "ü" }, { data: "" }];
    for (const bytes of [1, 2, 3, 1000]) expect(await eventsOf(text, bytes)).toEqual(expected);
  });
});
