/** Bytes of zlib, inflated by the browser itself and never to more than they may become. */

import { UnreadableFilm } from "./reasons";

/** Return at most `most` bytes of what some parts inflate to. */
export async function inflated(parts: Uint8Array[], most: number): Promise<Uint8Array> {
  const stream = new Blob(parts as BlobPart[]).stream().pipeThrough(new DecompressionStream("deflate"));
  const reader = stream.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const result = new Uint8Array(most);
  let size = 0;
  while (size < most) {
    const part = await nextPart(reader, size);
    if (!part) break;
    result.set(part.subarray(0, most - size), size);
    size += part.length;
  }
  if (size >= most) reader.cancel().catch(() => undefined); // what follows is of no film
  return result.subarray(0, Math.min(size, most));
}

async function nextPart(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  size: number,
): Promise<Uint8Array | undefined> {
  try {
    return (await reader.read()).value;
  } catch {
    if (size > 0) return undefined; // cut short: whoever asked counts the rows
    throw new UnreadableFilm("damaged");
  }
}
