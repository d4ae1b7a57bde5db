/** An answer that is no good one, in the server's words. */
export class LabelRefusal extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** Asks the labelling server of this page. @throws LabelRefusal for a refusal, TypeError where nobody answers */
export async function askServer<T>(path: string, body?: object): Promise<T> {
  const answer = await fetch(path, {
    ...(body !== undefined && {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  });
  const said = (await answer.json()) as T & { message?: string };
  if (!answer.ok) throw new LabelRefusal(said.message ?? `status ${answer.status}`, answer.status);
  return said;
}
