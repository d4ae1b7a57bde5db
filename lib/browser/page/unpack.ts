/** What an element of the page carries as base64 of gzip. */
export async function unpack(id: string): Promise<Uint8Array> {
  const packed = Uint8Array.from(atob(document.getElementById(id)!.textContent!.trim()), (character) =>
    character.charCodeAt(0),
  );
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
