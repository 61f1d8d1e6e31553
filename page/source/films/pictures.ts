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
  const [wide, high] = turn >= 5 ? [height, width] : [width, height];
  const { first, across, down } = walk(turn, width, height);
  const grey = new Float32Array(values.length);
  for (let row = 0; row < high; row++)
    for (let column = 0, from = first + row * down; column < wide; column++, from += across)
      grey[row * wide + column] = Math.min(values[from] / highest, 1);
  return { height: high, width: wide, values: grey };
}

/** How the pixels of a turned picture lie in the stored one. */
interface Walk {
  readonly first: number; // where the pixel at the top left lies
  readonly across: number; // how far on its neighbour to the right
  readonly down: number; // and the one below
}

function walk(turn: number, width: number, height: number): Walk {
  const [right, bottom] = [width - 1, (height - 1) * width];
  switch (turn) {
    case 2:
      return { first: right, across: -1, down: width };
    case 3:
      return { first: bottom + right, across: -1, down: -width };
    case 4:
      return { first: bottom, across: 1, down: -width };
    case 5:
      return { first: 0, across: width, down: 1 };
    case 6:
      return { first: bottom, across: -width, down: 1 };
    case 7:
      return { first: bottom + right, across: -width, down: -1 };
    case 8:
      return { first: right, across: width, down: -1 };
    default:
      return { first: 0, across: 1, down: width };
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
