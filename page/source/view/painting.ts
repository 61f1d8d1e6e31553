/** Pixels on canvases: a film through a window, and a map of where a network looked. */

import type { HeatMap, Look } from "../worker/messages";

const LEVELS = 65536;
const FOR = [230, 130, 0] as const; // told apart by those who do not see red and green
const AGAINST = [40, 110, 220] as const;
const DENSEST = 190; // of 255
const TOP = 0.9; // of the largest fall counts as where it looks most

/** Paint a film: all levels between the ends of a window from black to white. */
export function paintFilm(canvas: HTMLCanvasElement, look: Look, middle: number, width: number): void {
  const table = windowTable(middle, width);
  const pixels = new Uint32Array(look.levels.length);
  for (let n = 0; n < pixels.length; n++) pixels[n] = table[look.levels[n]];
  const image = new ImageData(new Uint8ClampedArray(pixels.buffer), look.width, look.height);
  canvas.width = look.width;
  canvas.height = look.height;
  canvas.getContext("2d")?.putImageData(image, 0, 0);
}

/** Return the colour of every level, as little-endian RGBA. */
export function windowTable(middle: number, width: number): Uint32Array {
  const [low, range] = [middle - width / 2, Math.max(width, 1e-6)];
  const table = new Uint32Array(LEVELS);
  for (let level = 0; level < LEVELS; level++) {
    const share = Math.min(Math.max((level / (LEVELS - 1) - low) / range, 0), 1);
    table[level] = 0xff000000 + Math.round(255 * share) * 0x010101;
  }
  return table;
}

/** Paint a map on the part of the square that the film lies on. */
export function paintMap(canvas: HTMLCanvasElement, map: HeatMap): void {
  const { left, top, width, height } = map.place;
  const most = map.values.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-9);
  const image = new ImageData(width, height);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const value = map.values[(top + row) * map.size + left + column] / most;
      const place = 4 * (row * width + column);
      image.data.set(value > 0 ? FOR : AGAINST, place);
      image.data[place + 3] = Math.round(DENSEST * Math.abs(value));
    }
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.putImageData(image, 0, 0);
}

/** Return in which ninth of the film the probability falls most, 0 top left to 8 bottom right; null where nowhere. */
export function strongestPlace(map: HeatMap): number | null {
  const { left, top, width, height } = map.place;
  let [most, x, y, count] = [0, 0, 0, 0];
  const each = (act: (value: number, row: number, column: number) => void) => {
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++)
        act(map.values[(top + row) * map.size + left + column], row, column);
  };
  each((value) => (most = Math.max(most, value)));
  if (most <= 0) return null;
  each((value, row, column) => {
    if (value < TOP * most) return;
    [x, y, count] = [x + column, y + row, count + 1];
  });
  const third = (place: number, side: number) => Math.min(Math.floor((3 * place) / count / side), 2);
  return 3 * third(y, height) + third(x, width);
}
