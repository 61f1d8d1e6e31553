/**
 * Filters that make a film smaller or larger, each exactly the desk's.
 *
 * Four are Pillow's for images of float32: weights and sums in float64, the rows first and then the columns, each result
 * rounded to float32, so that bits are equal. The other two are products of matrices, whose order of adding is
 * the library's own; they are equal to within the rounding of float32.
 */

import { clip, type Grey } from "./grey";

export const FILTERS = ["bilinear", "bilinear_points", "nearest", "bicubic", "lanczos", "area"] as const;
export type Filter = (typeof FILTERS)[number];

/** The old pixels that a new one is made of: from `first` on, one weight each. */
interface Share {
  readonly first: number;
  readonly weights: Float64Array;
}

const SUPPORT = { bilinear: 1, bicubic: 2, lanczos: 3 } as const;
const CURVES = { bilinear: triangle, bicubic: keys, lanczos: windowedSinc } as const;

/** Return a film of another size. */
export function resampled(film: Grey, width: number, height: number, filter: Filter): Grey {
  if (film.width === width && film.height === height) return film;
  if (filter === "nearest") return nearest(film, width, height);
  const shares = filter === "area" ? covered : filter === "bilinear_points" ? between : curved(filter);
  const wide = film.width === width && antialiased(filter) ? film : across(film, shares(width, film.width));
  return film.height === height && antialiased(filter) ? wide : down(wide, shares(height, film.height));
}

function antialiased(filter: Filter): boolean {
  return filter in SUPPORT;
}

function curved(filter: keyof typeof SUPPORT): (fresh: number, old: number) => Share[] {
  return (fresh, old) => pillowShares(fresh, old, SUPPORT[filter], CURVES[filter]);
}

/** Return Pillow's weights, `precompute_coeffs` of Resample.c. */
function pillowShares(fresh: number, old: number, support: number, curve: (x: number) => number): Share[] {
  const scale = old / fresh;
  const filterScale = Math.max(scale, 1);
  const reach = support * filterScale;
  const inverse = 1 / filterScale;
  return Array.from({ length: fresh }, (_, n) => {
    const centre = (n + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - reach + 0.5), 0);
    const end = Math.min(Math.trunc(centre + reach + 0.5), old);
    const weights = new Float64Array(end - first);
    let sum = 0;
    for (let x = 0; x < weights.length; x++) {
      weights[x] = curve((x + first - centre + 0.5) * inverse);
      sum += weights[x];
    }
    if (sum !== 0) for (let x = 0; x < weights.length; x++) weights[x] /= sum;
    return { first, weights };
  });
}

function triangle(x: number): number {
  const distance = Math.abs(x);
  return distance < 1 ? 1 - distance : 0;
}

function keys(x: number): number {
  const a = -0.5;
  const d = Math.abs(x);
  if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
  return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
}

function windowedSinc(x: number): number {
  return -3 <= x && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

function sinc(x: number): number {
  if (x === 0) return 1;
  return Math.sin(x * Math.PI) / (x * Math.PI);
}

/** Return the mean over the area that a new pixel covers, parts of old ones counted as parts. */
function covered(fresh: number, old: number): Share[] {
  const scale = old / fresh;
  return Array.from({ length: fresh }, (_, n) => {
    const [begin, end] = [n * scale, (n + 1) * scale];
    const first = Math.min(Math.floor(begin), old - 1);
    const shares = Array.from({ length: Math.min(Math.ceil(end), old) - first }, (_, x) =>
      Math.max(Math.min(end, first + x + 1) - Math.max(begin, first + x), 0),
    );
    const sum = shares.reduce((a, b) => a + b, 0);
    return { first, weights: Float64Array.from(shares, (share) => Math.fround(share / sum)) };
  });
}

/** Return the two old pixels that a new one lies between. */
function between(fresh: number, old: number): Share[] {
  return Array.from({ length: fresh }, (_, n) => {
    const place = clip((n + 0.5) * (old / fresh) - 0.5, 0, old - 1);
    const below = Math.min(Math.floor(place), Math.max(old - 2, 0));
    const share = Math.fround(place - below);
    const weights = old === 1 ? [1] : [Math.fround(1 - share), share];
    return { first: below, weights: Float64Array.from(weights) };
  });
}

function across(film: Grey, shares: Share[]): Grey {
  const width = shares.length;
  const values = new Float32Array(film.height * width);
  for (let row = 0; row < film.height; row++) {
    const line = row * film.width;
    for (let column = 0; column < width; column++) {
      const { first, weights } = shares[column];
      let sum = 0;
      for (let x = 0; x < weights.length; x++) sum += film.values[line + first + x] * weights[x];
      values[row * width + column] = sum;
    }
  }
  return { height: film.height, width, values };
}

function down(film: Grey, shares: Share[]): Grey {
  const { width } = film;
  const values = new Float32Array(shares.length * width);
  const sums = new Float64Array(width);
  shares.forEach(({ first, weights }, row) => {
    sums.fill(0);
    for (let y = 0; y < weights.length; y++) {
      const line = (first + y) * width;
      for (let column = 0; column < width; column++) sums[column] += film.values[line + column] * weights[y];
    }
    values.set(sums, row * width);
  });
  return { height: shares.length, width, values };
}

/** Pillow's `NEAREST`, whose places are sums of steps. */
function nearest(film: Grey, width: number, height: number): Grey {
  const [columns, rows] = [places(width, film.width), places(height, film.height)];
  const values = new Float32Array(width * height);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      values[row * width + column] = film.values[rows[row] * film.width + columns[column]];
  return { height, width, values };
}

function places(fresh: number, old: number): number[] {
  const step = old / fresh;
  const found: number[] = [];
  for (let place = step * 0.5; found.length < fresh; place += step)
    found.push(clip(Math.floor(place), 0, old - 1));
  return found;
}
