import path from "node:path";

/** Media types of pictures by the ending of their file. */
const TYPES: Readonly<Record<string, string>> = {
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".gif": "image/gif",
  ".webp": "image/webp",
};

const DATA = /^data:(image\/[a-z0-9.+-]+);base64,/i;

/** The media type of a picture's file, or of a data: address. */
export function pictureType(picture: string): string {
  const [, named] = DATA.exec(picture) ?? [];
  const type = named ?? TYPES[path.extname(picture).toLowerCase()];
  return type === undefined || type === "image/any" ? "application/octet-stream" : type;
}

/** The bytes of a data: address; null for a file's path. */
export function decodedPicture(picture: string): Buffer | null {
  const [head] = DATA.exec(picture) ?? [];
  return head === undefined ? null : Buffer.from(picture.slice(head.length), "base64");
}
