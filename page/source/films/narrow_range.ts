/** Films that use under a tenth of the grey levels: decoded without an error, and yet nearly black, white or flat. */

const SHARE = 0.1;
const OUTLIERS = 0.01; // of the pixels at either end: a marker of lead must not hide the rest

/** Tell whether a prepared film uses under a tenth of the grey levels. */
export function isNarrow(film: Uint8Array): boolean {
  const counts = new Float64Array(256);
  for (const level of film) counts[level]++;
  for (let level = 1; level < 256; level++) counts[level] += counts[level - 1];
  const [low, high] = [OUTLIERS, 1 - OUTLIERS].map((share) =>
    counts.findIndex((count) => count >= share * film.length),
  );
  return high - low < SHARE * 255;
}
