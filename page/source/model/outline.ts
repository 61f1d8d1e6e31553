/**
 * What a network outlines: on the square that it sees, and back on the film.
 *
 * A probability at every pixel goes back the way that the film came: out of the padding, to another size by the filter
 * that the film itself is looked at with, and cut at one half. So a film that is shown in its own size has the very pixels
 * that the desk writes. Of drawn films the desk's masks lie in the page, and beside each the pixels that are as near one half as
 * two runtimes may lie apart; every other pixel must be the same.
 */

import type { Grey } from "../films/grey";
import type { Placement } from "../films/prepare";
import { resampled } from "../films/resampling";
import type { Variant } from "./variant";

const DRAWN = 1; // bits of a byte of `masks.bin`
const UNDECIDED = 2;

/** What is outlined in a film, at the size that it is looked at: of each label 1 inside and 0 outside. */
export interface Outline {
  readonly width: number;
  readonly height: number;
  readonly masks: Uint8Array[];
}

/** Return which share of the square is outlined, by the order of the labels. */
export function sharesOf(variant: Variant, outputs: Float32Array): number[] {
  const labels = variant.labels.length;
  const counted = new Array<number>(labels).fill(0);
  for (let n = 0; n < outputs.length; n++) if (outputs[n] >= variant.least) counted[n % labels]++;
  return counted.map((count) => (count * labels) / outputs.length);
}

/** Return what is outlined in a film that lies at a place of the square, at another size. */
export function outlineOf(
  variant: Variant,
  outputs: Float32Array,
  place: Placement,
  width: number,
  height: number,
): Outline {
  const masks = variant.labels.map((_, label) => {
    const { values } = resampled(partOf(variant, outputs, place, label), width, height, "bilinear");
    return Uint8Array.from(values, (value) => Number(value >= variant.least));
  });
  return { width, height, masks };
}

/** Return a label's probabilities on the part of the square that the film lies on. */
function partOf(variant: Variant, outputs: Float32Array, place: Placement, label: number): Grey {
  const [size, labels] = [variant.preparation.image_size, variant.labels.length];
  const values = new Float32Array(place.width * place.height);
  for (let row = 0; row < place.height; row++)
    for (let column = 0; column < place.width; column++) {
      const there = (place.top + row) * size + place.left + column;
      values[row * place.width + column] = outputs[there * labels + label];
    }
  return { width: place.width, height: place.height, values };
}

/** Return how many pixels are drawn otherwise than on the desk and are not undecided; what is no number is wrong. */
export function wrongPixels(variant: Variant, outputs: Float32Array, expected: Uint8Array): number {
  if (outputs.length !== expected.length) return expected.length;
  let wrong = 0;
  for (let n = 0; n < outputs.length; n++) {
    const drawn = Number(outputs[n] >= variant.least);
    const other = drawn !== (expected[n] & DRAWN) && !(expected[n] & UNDECIDED);
    if (other || !Number.isFinite(outputs[n])) wrong++;
  }
  return wrong;
}
