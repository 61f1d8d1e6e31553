/** Boxes over a film: a line with a dark rim on both sides, and above it what was found and how sure the program is. */

import type { FilmBoxes } from "../model/boxes";
import { colourOf, lineWidth } from "./outline_painting";

const RIM = "rgba(0, 0, 0, 0.67)"; // so that the line is seen where a film is bright, too
const LETTERS = 6; // so many widths of the line are the letters high
const SHARP = 800; // pixels of the longer side, at least: letters on a small film are read, too

/** Paint boxes on a canvas that is laid over the film and stretched to its size; `words` says what stands beside each. */
export function paintBoxes(
  canvas: HTMLCanvasElement,
  film: FilmBoxes,
  words: (label: number, score: number) => string,
): void {
  const found = enlarged(film, Math.max(1, Math.ceil(SHARP / Math.max(film.width, film.height))));
  canvas.width = found.width;
  canvas.height = found.height;
  const context = canvas.getContext("2d");
  if (!context) return;
  const wide = lineWidth(found);
  for (const { label, score, ...box } of [...found.boxes].reverse()) {
    const colour = colourOf(label); // the surest is drawn last, above the others
    context.lineWidth = wide + 2 * Math.max(1, Math.round(wide / 3));
    context.strokeStyle = RIM;
    context.strokeRect(box.left, box.top, box.width, box.height);
    context.lineWidth = wide;
    context.strokeStyle = colour;
    context.strokeRect(box.left, box.top, box.width, box.height);
    paintWords(context, words(label, score), colour, wide, [box.left, box.top, box.top + box.height], found);
  }
}

function enlarged({ width, height, boxes }: FilmBoxes, times: number): FilmBoxes {
  const larger = boxes.map((box) => ({
    ...box,
    left: times * box.left,
    top: times * box.top,
    width: times * box.width,
    height: times * box.height,
  }));
  return { width: times * width, height: times * height, boxes: larger };
}

/** Paint words above a box, below it where the film ends there, and never beyond the film's right edge. */
function paintWords(
  context: CanvasRenderingContext2D,
  words: string,
  colour: string,
  wide: number,
  [left, top, bottom]: [number, number, number],
  film: FilmBoxes,
): void {
  const high = LETTERS * wide;
  context.font = `600 ${high}px sans-serif`;
  context.textBaseline = "bottom";
  context.lineJoin = "round";
  const x = Math.max(Math.min(left, film.width - context.measureText(words).width - wide), wide);
  const above = top - wide;
  const y = above - high >= 0 ? above : Math.min(bottom + high + 2 * wide, film.height);
  context.lineWidth = wide;
  context.strokeStyle = RIM;
  context.strokeText(words, x, y);
  context.fillStyle = colour;
  context.fillText(words, x, y);
}
