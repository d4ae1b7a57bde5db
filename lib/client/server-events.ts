/** An event of a stream of server-sent events. */
export interface ServerEvent {
  id?: string;
  event?: string;
  data: string;
}

/**
 * Field and value of a line: what is before and after its first colon, of which one space is left out. A line without a colon
 * is a field without value; one that begins with a colon is a comment, whose field is "".
 */
export function fieldOf(line: string): [field: string, value: string] {
  const colon = line.indexOf(":");
  if (colon < 0) return [line, ""];
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
}

/**
 * Events of a stream, as they arrive: an empty line ends one, several data lines of one are joined, one without data is none.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export async function* serverEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  let event: Omit<ServerEvent, "data"> & { data: string[] } = { data: [] };
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop()!;
      for (const line of lines) {
        if (line === "") {
          if (event.data.length > 0) yield { ...event, data: event.data.join("\n") };
          event = { data: [] };
          continue;
        }
        const [field, text] = fieldOf(line);
        if (field === "data") event.data.push(text);
        else if (field === "id" || field === "event") event[field] = text;
      }
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
