/** A PNG or JPEG as it was decoded, turned the right way up and scaled to [0, 1]. */

import type { Grey } from "./grey";

/** Levels of a picture, before it is turned. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly values: Uint8Array | Uint16Array;
  readonly highest: number; // what counts as white
  readonly exif: Uint8Array | null;
}

/** Return a picture's grey levels, turned as its Exif says. */
export function greyOf(picture: Picture): Grey {
  const { width, height, values, highest } = picture;
  const turn = picture.exif ? orientation(picture.exif) : 1;
  const swapped = turn >= 5;
  const [wide, high] = swapped ? [height, width] : [width, height];
  const grey = new Float32Array(values.length);
  for (let row = 0; row < high; row++)
    for (let column = 0; column < wide; column++) {
      const [x, y] = source(turn, column, row, width, height);
      grey[row * wide + column] = Math.min(values[y * width + x] / highest, 1);
    }
  return { height: high, width: wide, values: grey };
}

/** Return which stored pixel lies at a place of the turned picture. */
function source(turn: number, x: number, y: number, width: number, height: number): [number, number] {
  switch (turn) {
    case 2:
      return [width - 1 - x, y];
    case 3:
      return [width - 1 - x, height - 1 - y];
    case 4:
      return [x, height - 1 - y];
    case 5:
      return [y, x];
    case 6:
      return [y, height - 1 - x];
    case 7:
      return [width - 1 - y, height - 1 - x];
    case 8:
      return [width - 1 - y, x];
    default:
      return [x, y];
  }
}

/** Return Exif's orientation, 1 to 8; 1 where it says nothing that can be read. */
export function orientation(exif: Uint8Array): number {
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  if (exif.length < 14) return 1;
  const little = view.getUint16(0) === 0x4949;
  const start = view.getUint32(4, little);
  if (start + 2 > exif.length) return 1;
  const entries = view.getUint16(start, little);
  for (let n = 0; n < entries && start + 14 + 12 * n <= exif.length; n++) {
    const place = start + 2 + 12 * n;
    if (view.getUint16(place, little) !== 0x0112) continue;
    const value = view.getUint16(place + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}
