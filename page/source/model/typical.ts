/**
 * Whether a film is unlike those that the variant was trained on: by brightness, contrast and embedding.
 *
 * The distance of the embedding is that of a normal distribution along the main directions of training films and around
 * them. What is usual is what 99 in 100 validation films keep within. See `typical_films` of radlib.
 */

import { isNarrow } from "../films/narrow_range";
import type { Typical } from "./variant";

/** In what a film is unlike the training films. */
export interface Unlike {
  readonly brightness: Outside | null;
  readonly contrast: Outside | null;
  readonly embedding: number | null; // how many times as far as is usual
  readonly narrow: boolean; // uses under a tenth of the grey levels
}

export interface Outside {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Compare a prepared film with training films; `embedding` is what the last dense layer read of it. */
export function unlike(typical: Typical | null, film: Uint8Array, embedding: Float32Array | null): Unlike {
  const narrow = isNarrow(film);
  if (!typical) return { brightness: null, contrast: null, embedding: null, narrow };
  const grey = brightnessAndContrast(film);
  const [brightness, contrast] = [0, 1].map((place) => outside(typical, grey, place));
  const limit = typical.limits[2];
  const far = embedding && typical.mean.length ? distance(typical, embedding) : 0;
  return { brightness, contrast, embedding: limit !== null && far > limit ? far / limit : null, narrow };
}

/** Tell whether a film is unlike the training films in anything. */
export function isUnlike(found: Unlike): boolean {
  return found.brightness !== null || found.contrast !== null || found.embedding !== null;
}

/** Return mean and standard deviation of a film's grey, in [0, 1]. */
export function brightnessAndContrast(film: Uint8Array): [number, number] {
  const mean = film.reduce((sum, level) => sum + level, 0) / film.length;
  const square = film.reduce((sum, level) => sum + (level - mean) ** 2, 0) / film.length;
  return [mean / 255, Math.sqrt(square) / 255];
}

function outside(typical: Typical, grey: [number, number], place: number): Outside | null {
  const [middle, spread, limit] = [typical.middle[place], typical.spread[place], typical.limits[place]];
  if (limit === null || Math.abs(grey[place] - middle) / spread <= limit) return null;
  const reach = limit * spread;
  return { value: grey[place], low: Math.max(middle - reach, 0), high: Math.min(middle + reach, 1) };
}

/** Return how far an embedding lies from those of training films. */
export function distance(typical: Typical, embedding: Float32Array): number {
  const off = typical.mean.map((mean, n) => embedding[n] - mean);
  const along = typical.directions.map((direction) => direction.reduce((sum, d, n) => sum + d * off[n], 0));
  const squares = (values: number[]) => values.reduce((sum, v) => sum + v * v, 0);
  const around = Math.max(squares(off) - squares(along), 0);
  const inside = along.reduce((sum, a, n) => sum + (a * a) / typical.variances[n], 0);
  return Math.sqrt((inside + around / typical.rest) / typical.mean.length);
}
