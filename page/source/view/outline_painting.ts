/** Outlines over a film: a see-through fill, a line just inside the edge, and a dark rim just outside of it. */

import type { Outline } from "../model/outline";

/** Line colours, told apart by those who do not see red and green (Okabe and Ito); the first is the report's. */
export const COLOURS = [
  [255, 140, 0],
  [86, 180, 233],
  [240, 228, 66],
  [204, 121, 167],
] as const;
const RIM = [0, 0, 0] as const; // so that the line is seen where a film is bright, too
const [FILL, LINE, OUTSIDE] = [48, 240, 170]; // how dense, of 255
const LINES = 170; // so many widths of the line make the longer side: on a phone it is two pixels wide

/** Paint outlines on a canvas that lies over the film. */
export function paintOutline(canvas: HTMLCanvasElement, outline: Outline): void {
  canvas.width = outline.width;
  canvas.height = outline.height;
  const pixels = outlinePixels(outline);
  canvas.getContext("2d")?.putImageData(new ImageData(pixels, outline.width, outline.height), 0, 0);
}

/** Return the colours over a film, RGBA; of labels that overlap the later lies above. */
export function outlinePixels(outline: Outline): Uint8ClampedArray<ArrayBuffer> {
  const { width, height, masks } = outline;
  const pixels = new Uint8ClampedArray(4 * width * height);
  const wide = lineWidth(outline);
  const set = (n: number, colour: readonly number[], dense: number) => {
    pixels.set(colour, 4 * n);
    pixels[4 * n + 3] = dense;
  };
  masks.forEach((mask, label) => {
    const inside = shrunk(mask, width, height, wide);
    const rim = shrunk(
      mask.map((value) => 1 - value),
      width,
      height,
      Math.max(1, Math.round(wide / 3)),
      1,
    );
    const colour = COLOURS[label % COLOURS.length];
    for (let n = 0; n < mask.length; n++) {
      if (mask[n]) set(n, colour, inside[n] ? FILL : LINE);
      else if (!rim[n] && !pixels[4 * n + 3]) set(n, RIM, OUTSIDE);
    }
  });
  return pixels;
}

/** Return the colour of a label. */
export function colourOf(label: number): string {
  return `rgb(${COLOURS[label % COLOURS.length].join(", ")})`;
}

/** Return how many pixels of the outline's own size its line is wide. */
export function lineWidth({ width, height }: Pick<Outline, "width" | "height">): number {
  return Math.max(1, Math.round(Math.max(width, height) / LINES));
}

/** Return a mask without the pixels that lie so near its edge, along rows and columns; `beyond` is what lies around the film. */
export function shrunk(
  mask: Uint8Array,
  width: number,
  height: number,
  reach: number,
  beyond: 0 | 1 = 0,
): Uint8Array {
  const along = eroded(mask, height, width, width, 1, reach, beyond);
  return eroded(along, width, height, 1, width, reach, beyond);
}

/** Keep what has no 0 within reach on its own line; lines begin `apart` from each other, their pixels lie `step` apart. */
function eroded(
  mask: Uint8Array,
  lines: number,
  length: number,
  apart: number,
  step: number,
  reach: number,
  beyond: 0 | 1,
): Uint8Array {
  const kept = mask.slice();
  for (let line = 0; line < lines; line++) {
    const start = line * apart;
    for (const [from, towards] of [
      [0, 1],
      [length - 1, -1],
    ]) {
      let since = beyond ? Infinity : 0; // pixels since the last 0
      for (let n = 0, place = from; n < length; n++, place += towards) {
        const there = start + place * step;
        since = mask[there] ? since + 1 : 0;
        if (since <= reach) kept[there] = 0;
      }
    }
  }
  return kept;
}
