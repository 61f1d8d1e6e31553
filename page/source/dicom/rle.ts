/** RLE films: each byte of a value is a run of its own, the highest first. DICOM PS3.5, annex G. */

import { UnreadableFilm } from "../films/reasons";

const HEADER_BYTES = 64;

/**
 * Return the samples of an RLE frame, planes one behind the other.
 *
 * @param frame The header of 64 bytes and the segments.
 * @param pixels Pixels of a plane.
 * @param samples Planes.
 * @param bytes Of a sample, 1 or 2.
 */
export function decodeRle(
  frame: Uint8Array,
  pixels: number,
  samples: number,
  bytes: 1 | 2,
): Uint8Array | Uint16Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const segments = view.getUint32(0, true);
  if (segments !== samples * bytes) throw new UnreadableFilm("damaged");
  const starts = Array.from({ length: segments }, (_, n) => view.getUint32(4 + 4 * n, true));
  const values = bytes === 2 ? new Uint16Array(pixels * samples) : new Uint8Array(pixels * samples);
  starts.forEach((start, n) => {
    if (start < HEADER_BYTES || start > frame.length) throw new UnreadableFilm("damaged");
    const end = n + 1 < segments ? starts[n + 1] : frame.length;
    const shift = bytes === 2 && n % 2 === 0 ? 8 : 0;
    addSegment(frame.subarray(start, end), values, Math.floor(n / bytes) * pixels, pixels, shift);
  });
  return values;
}

function addSegment(
  segment: Uint8Array,
  values: Uint8Array | Uint16Array,
  start: number,
  pixels: number,
  shift: number,
): void {
  let [place, written] = [0, 0];
  while (written < pixels && place < segment.length) {
    const head = segment[place++];
    if (head === 128) continue; // means nothing
    const repeated = head > 128;
    const count = Math.min(repeated ? 257 - head : head + 1, pixels - written);
    if (place + (repeated ? 1 : count) > segment.length) throw new UnreadableFilm("damaged");
    for (let n = 0; n < count; n++)
      values[start + written + n] |= segment[repeated ? place : place + n] << shift;
    place += repeated ? 1 : head + 1;
    written += count;
  }
  if (written < pixels) throw new UnreadableFilm("damaged");
}
