/** From a grey film to the square that the network sees, in the desk's order and the desk's arithmetic. */

import { clip, type Grey, roundHalfEven } from "./grey";
import { OPERATIONS } from "./operations";
import { type Filter, resampled } from "./resampling";

const { fround } = Math;

/** Everything between a grey film and the network; `preparation` of a bundle. */
export interface Preparation {
  readonly image_size: number;
  readonly resize: "stretch" | "pad";
  readonly operations: readonly string[];
  readonly bits: number;
  readonly window?: number;
  readonly resampling?: Filter;
}

/** Where a film comes to lie in the square, pixels. */
export interface Placement {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Return where a film of this stored height and width comes to lie. */
export function placement(height: number, width: number, preparation: Preparation): Placement {
  const size = preparation.image_size;
  if (preparation.resize !== "pad") return { left: 0, top: 0, width: size, height: size };
  const scale = size / Math.max(height, width);
  const wide = Math.max(roundHalfEven(width * scale), 1);
  const high = Math.max(roundHalfEven(height * scale), 1);
  return {
    left: Math.floor((size - wide) / 2),
    top: Math.floor((size - high) / 2),
    width: wide,
    height: high,
  };
}

/** Return the film resized and, where the preparation says so, centred on black; values in [0, 1]. */
export function squared(film: Grey, preparation: Preparation): Grey {
  const size = preparation.image_size;
  const place = placement(film.height, film.width, preparation);
  const small = resampled(film, place.width, place.height, preparation.resampling ?? "bilinear");
  const values = new Float32Array(size * size);
  for (let row = 0; row < place.height; row++)
    for (let column = 0; column < place.width; column++)
      values[(place.top + row) * size + place.left + column] = clip(
        small.values[row * place.width + column],
        0,
        1,
      );
  return { height: size, width: size, values };
}

/** Return the film after the operations of the preparation. */
export function operated(square: Grey, preparation: Preparation): Grey {
  return preparation.operations.reduce((film, name) => OPERATIONS[name](film), square);
}

/** Return grey levels of 8 bits, of which as many count as the preparation keeps. */
export function quantised(square: Grey, preparation: Preparation): Uint8Array {
  const highest = 2 ** preparation.bits - 1;
  const spread = fround(255 / highest);
  return Uint8Array.from(square.values, (value) => {
    const level = Math.floor(fround(fround(clip(value, 0, 1) * highest) + 0.5));
    return Math.floor(fround(fround(level * spread) + 0.5));
  });
}

/** Return what the network sees, `image_size` squared grey levels. */
export function prepare(film: Grey, preparation: Preparation): Uint8Array {
  return quantised(operated(squared(film, preparation), preparation), preparation);
}
