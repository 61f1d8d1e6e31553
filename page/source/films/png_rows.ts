/** The rows of a PNG: filters undone, bits taken apart, seven passes put together. ISO/IEC 15948, 7.2 and 9. */

import { CHANNELS, type Header } from "./png";
import { UnreadableFilm } from "./reasons";

const PASSES = [
  [0, 0, 8, 8], // column and row of the first pixel, steps between columns and rows
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/** Return the samples of a picture, channels beside each other. */
export function unfiltered(data: Uint8Array, header: Header): Uint8Array | Uint16Array {
  const { width, height, depth, interlaced } = header;
  const channels = CHANNELS[header.colour];
  const Samples = depth === 16 ? Uint16Array : Uint8Array;
  const samples = new Samples(width * height * channels);
  let place = 0;
  for (const [left, top, across, down] of interlaced ? PASSES : [[0, 0, 1, 1]]) {
    const [wide, high] = [Math.ceil((width - left) / across), Math.ceil((height - top) / down)];
    if (wide <= 0 || high <= 0) continue;
    const rowLength = Math.ceil((wide * channels * depth) / 8);
    let above: Uint8Array = new Uint8Array(rowLength);
    for (let row = 0; row < high; row++) {
      if (place + 1 + rowLength > data.length) throw new UnreadableFilm("damaged");
      const line = data.subarray(place + 1, place + 1 + rowLength);
      undoFilter(data[place], line, above, Math.max((channels * depth) >> 3, 1));
      const start = ((top + row * down) * width + left) * channels;
      spread(line, depth, samples, start, wide, channels, across);
      above = line;
      place += 1 + rowLength;
    }
  }
  return samples;
}

function undoFilter(kind: number, line: Uint8Array, above: Uint8Array, step: number): void {
  if (kind > 4) throw new UnreadableFilm("damaged");
  const begin = Math.min(step, line.length); // what has no neighbour to the left
  for (let n = 0; n < begin && kind > 1; n++) line[n] += kind === 3 ? above[n] >> 1 : above[n];
  if (kind === 1) for (let n = begin; n < line.length; n++) line[n] += line[n - step];
  if (kind === 2) for (let n = begin; n < line.length; n++) line[n] += above[n];
  if (kind === 3) for (let n = begin; n < line.length; n++) line[n] += (line[n - step] + above[n]) >> 1;
  if (kind === 4)
    for (let n = begin; n < line.length; n++) line[n] += paeth(line[n - step], above[n], above[n - step]);
}

function paeth(left: number, up: number, corner: number): number {
  const toLeft = Math.abs(up - corner);
  const toUp = Math.abs(left - corner);
  const toCorner = Math.abs(left + up - 2 * corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

function spread(
  line: Uint8Array,
  depth: number,
  samples: Uint8Array | Uint16Array,
  start: number,
  wide: number,
  channels: number,
  across: number,
): void {
  if (depth === 8 && across === 1) return samples.set(line, start);
  for (let column = 0; column < wide; column++)
    for (let channel = 0; channel < channels; channel++) {
      const n = column * channels + channel;
      samples[start + column * across * channels + channel] =
        depth === 8
          ? line[n]
          : depth === 16
            ? line[2 * n] * 256 + line[2 * n + 1]
            : (line[(n * depth) >> 3] >> (8 - depth - ((n * depth) & 7))) & (2 ** depth - 1);
    }
}
