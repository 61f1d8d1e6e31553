/** What may be done to a grey film before the network sees it: the desk's closed list, formula by formula. */

import { clip, type Grey, roundHalfEven } from "./grey";

const { fround } = Math;
const LEVELS = 256;
const TILES = 8;

export const OPERATIONS: Readonly<Record<string, (film: Grey) => Grey>> = {
  equalize_histogram: equalizeHistogram,
  equalize_locally: equalizeLocally,
  stretch_percentiles: stretchPercentiles,
};

/** Spread the grey levels so that each is about equally frequent; a flat film is unchanged. */
export function equalizeHistogram(film: Grey): Grey {
  const levels = levelsOf(film);
  const cumulative = histogram(levels);
  for (let level = 1; level < LEVELS; level++) cumulative[level] += cumulative[level - 1];
  const darkest = cumulative[levels.reduce((a, b) => Math.min(a, b), 255)];
  const count = levels.length;
  if (darkest === count) return film;
  const table = cumulative.map((c) => fround(clip((c - darkest) / (count - darkest), 0, 1)));
  return { ...film, values: Float32Array.from(levels, (level) => table[level]) };
}

/** Equalise in a grid of 8 × 8 tiles with limited contrast (CLAHE; Pizer et al., 1987). */
export function equalizeLocally(film: Grey): Grey {
  const { height, width } = film;
  if (Math.min(height, width) < 16) return equalizeHistogram(film);
  const levels = levelsOf(film);
  const [rows, columns] = [edges(height), edges(width)];
  const tables = rows
    .slice(0, -1)
    .map((top, i) =>
      columns.slice(0, -1).map((left, j) => tileTable(levels, width, top, rows[i + 1], left, columns[j + 1])),
    );
  const [down, across] = [neighbours(height, rows), neighbours(width, columns)];
  const values = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    const [top, bottom, below] = down[y];
    for (let x = 0; x < width; x++) {
      const [left, right, beside] = across[x];
      const level = levels[y * width + x];
      const upper = mixed(tables[top][left][level], tables[top][right][level], beside);
      const lower = mixed(tables[bottom][left][level], tables[bottom][right][level], beside);
      values[y * width + x] = clip(mixed(upper, lower, below), 0, 1);
    }
  }
  return { ...film, values };
}

/** Stretch the grey levels from the 1st to the 99th percentile over [0, 1]; a flat film is unchanged. */
export function stretchPercentiles(film: Grey): Grey {
  const sorted = Float32Array.from(film.values).sort();
  const [low, high] = [fround(percentile(sorted, 1)), fround(percentile(sorted, 99))];
  if (high <= low) return film;
  const range = fround(high - low);
  return { ...film, values: film.values.map((v) => clip(fround(fround(v - low) / range), 0, 1)) };
}

/** Return a percentile of sorted values, between two of them by their distance, as NumPy does. */
export function percentile(sorted: Float32Array, percent: number): number {
  const place = (sorted.length - 1) * (percent / 100);
  const below = Math.floor(place);
  const [a, b] = [sorted[below], sorted[Math.min(below + 1, sorted.length - 1)]];
  const share = place - below;
  const step = fround(b - a);
  return share >= 0.5 ? b - step * (1 - share) : a + step * share;
}

function levelsOf(film: Grey): Uint8Array {
  return Uint8Array.from(film.values, (v) => Math.floor(fround(fround(v * 255) + 0.5)));
}

function histogram(levels: Uint8Array): Float64Array {
  const counts = new Float64Array(LEVELS);
  for (const level of levels) counts[level]++;
  return counts;
}

function edges(side: number): number[] {
  return Array.from({ length: TILES + 1 }, (_, n) => roundHalfEven((n * side) / TILES));
}

function tileTable(
  levels: Uint8Array,
  width: number,
  top: number,
  bottom: number,
  left: number,
  right: number,
): Float32Array {
  const count = new Float64Array(LEVELS);
  for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) count[levels[y * width + x]]++;
  const size = (bottom - top) * (right - left);
  const limit = (2 * size) / LEVELS;
  const excess = count.reduce((sum, c) => sum + Math.max(c - limit, 0), 0) / LEVELS;
  let sum = 0;
  return Float32Array.from(count, (c) => (sum += Math.min(c, limit) + excess) / size);
}

function neighbours(side: number, tileEdges: number[]): [number, number, number][] {
  const centres = tileEdges.slice(0, -1).map((edge, n) => (edge + tileEdges[n + 1] - 1) / 2);
  return Array.from({ length: side }, (_, place) => {
    const reached = centres.findIndex((centre) => centre >= place);
    const second = clip(reached < 0 ? TILES : reached, 1, TILES - 1);
    const share = (place - centres[second - 1]) / (centres[second] - centres[second - 1]);
    return [second - 1, second, fround(clip(share, 0, 1))];
  });
}

function mixed(first: number, second: number, share: number): number {
  return fround(fround(first * fround(1 - share)) + fround(second * share));
}
