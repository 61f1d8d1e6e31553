/**
 * Where a network looks, asked without gradients: cover a part of the film and watch the probability.
 *
 * The covering square is as dark as lung, the film's 25th percentile, so that it takes a shadow away; a square as
 * bright as the film's mean would look like a shadow itself. Zeiler and Fergus, 2014; `occlusion` of radlib.
 */

import { percentile } from "../films/operations";

export const PATCH = 0.15; // side of the square, fraction of the film's
export const FINE = 0.05; // how far it moves between two readings
export const COARSE = 0.1; // for networks that are slow
const LUNG_PERCENTILE = 25;
const { fround } = Math;
const BLACK = fround(2 / 255); // margins that a film was padded or collimated with are no darker

/** Asks for the watched probability of a film, float32 in [0, 1]. */
export type Ask = (film: Float32Array) => Promise<number>;

/** Return how far the probability falls, per pixel, when a place of the film is covered; (size × size). */
export async function occlusion(
  ask: Ask,
  film: Float32Array,
  size: number,
  stride = FINE,
): Promise<Float32Array> {
  const side = Math.max(1, halfEven(size * PATCH));
  const starts = startsOf(size, side, Math.max(1, halfEven(size * stride)));
  const grey = lungGrey(film);
  const whole = await ask(film);
  const [total, times] = [new Float32Array(film.length), new Float32Array(film.length)];
  for (const top of starts)
    for (const left of starts) {
      const covered = film.slice();
      fill(covered, size, top, left, side, () => grey);
      const fall = fround(whole - (await ask(covered)));
      fill(total, size, top, left, side, (value) => value + fall);
      fill(times, size, top, left, side, (value) => value + 1);
    }
  return total.map((sum, n) => sum / times[n]);
}

/** Return a grey as dark as lung: the film's 25th percentile without its black margins. */
export function lungGrey(film: Float32Array): number {
  const exposed = film.filter((value) => value > BLACK);
  const counted = 2 * exposed.length >= film.length ? exposed : film.slice();
  return percentile(counted.sort(), LUNG_PERCENTILE);
}

/** Return where squares begin along one side, so that the last one ends at the edge. */
export function startsOf(length: number, side: number, step: number): number[] {
  const starts: number[] = [];
  for (let start = 0; start < length - side; start += step) starts.push(start);
  return [...starts, length - side];
}

function fill(
  values: Float32Array,
  size: number,
  top: number,
  left: number,
  side: number,
  change: (value: number) => number,
): void {
  for (let row = top; row < top + side; row++)
    for (let column = left; column < left + side; column++) {
      const place = row * size + column;
      values[place] = change(values[place]);
    }
}

function halfEven(value: number): number {
  const below = Math.floor(value);
  return value - below === 0.5 ? below + (below % 2) : Math.round(value);
}
