/**
 * PNG films: what Pillow makes of them, as grey levels.
 *
 * A film of 12 bits saved into a file of 16 uses a sixteenth of its levels, unless the file says how many bits count
 * (its chunk sBIT). `gAMA` is left alone, as viewers of films leave it. ISO/IEC 15948.
 */

import { latin } from "./content";
import { inflated } from "./inflate";
import { unfiltered } from "./png_rows";
import type { Picture } from "./pictures";
import { MAX_PIXELS, UnreadableFilm } from "./reasons";

/** What stands in the chunks of a file. */
export interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: number;
  readonly interlaced: boolean;
  readonly palette: Uint8Array;
  readonly transparency: Uint8Array | null;
  readonly significant: number;
  readonly exif: Uint8Array | null;
  readonly data: Uint8Array[];
}

export const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const DEPTHS: Readonly<Record<number, number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/** Return a PNG's grey levels. */
export async function readPng(file: Uint8Array): Promise<Picture> {
  const header = readHeader(file);
  const rows = await inflated(header.data, rowBytes(header));
  const samples = unfiltered(rows, header);
  const { width, height, depth, colour, exif } = header;
  if (colour === 0 && depth === 16)
    return { width, height, exif, values: samples, highest: range(samples, header, 16) };
  const eight = depth === 16 ? Uint8Array.from(samples, (v) => v >> 8) : samples;
  const plain = colour === 0 && !header.transparency;
  const grey = plain && depth === 8 ? eight : greyOf(eight, header);
  return { width, height, exif, values: grey, highest: plain ? range(grey, header, 8) : 255 };
}

/** Read all chunks; those that matter are checked by their sums. */
export function readHeader(file: Uint8Array): Header {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const found: Record<string, Uint8Array> = {};
  const data: Uint8Array[] = [];
  for (let place = 8; place + 12 <= file.length;) {
    const length = view.getUint32(place);
    const kind = latin(file.subarray(place + 4, place + 8));
    const content = file.subarray(place + 8, place + 8 + length);
    if (kind === "IDAT") data.push(content);
    else if (!(kind in found)) {
      const critical = kind[0] === kind[0].toUpperCase() && data.length === 0;
      const sum = crc(file.subarray(place + 4, place + 8 + length));
      if (critical && (place + 12 + length > file.length || view.getUint32(place + 8 + length) !== sum))
        throw new UnreadableFilm("damaged");
      found[kind] = content;
    }
    if (kind === "IEND") break;
    place += 12 + length;
  }
  const head = found.IHDR;
  if (!head || head.length < 13 || data.length === 0) throw new UnreadableFilm("damaged");
  const sizes = new DataView(head.buffer, head.byteOffset);
  const [width, height, depth, colour] = [sizes.getUint32(0), sizes.getUint32(4), head[8], head[9]];
  if (width * height > MAX_PIXELS) throw new UnreadableFilm("too_large");
  if (!width || !height || !DEPTHS[colour]?.includes(depth)) throw new UnreadableFilm("damaged");
  if (found.acTL && new DataView(found.acTL.buffer, found.acTL.byteOffset).getUint32(0) > 1)
    throw new UnreadableFilm("several_frames");
  const counted = colour === 0 && depth >= 8 && found.sBIT?.length === 1;
  return {
    width,
    height,
    depth,
    colour,
    interlaced: head[12] === 1,
    palette: found.PLTE ?? new Uint8Array(),
    transparency: found.tRNS ?? null,
    significant: counted ? found.sBIT[0] : 0,
    exif: found.eXIf ?? null,
    data,
  };
}

function rowBytes(header: Header): number {
  const bits = CHANNELS[header.colour] * header.depth;
  const side = Math.ceil((header.width * bits) / 8) + 1;
  return side * header.height + (header.interlaced ? 8 * (header.height + 8) : 0);
}

/** Return the highest value of the file's range, or of the bits that count where the values lie at the lower end. */
function range(values: Uint8Array | Uint16Array, header: Header, depth: number): number {
  const bits = header.significant;
  const greatest = () => (values as Uint8Array).reduce((a, b) => Math.max(a, b), 0);
  const counts = bits > 0 && bits < depth && greatest() < 2 ** bits;
  return 2 ** (counts ? bits : depth) - 1;
}

/** Return levels of 8 bits: colours by luminance, what is transparent over black. */
function greyOf(samples: Uint8Array | Uint16Array, header: Header): Uint8Array {
  const { colour, depth, palette, transparency } = header;
  const channels = CHANNELS[colour];
  const spread = colour === 0 && depth < 8 ? 255 / (2 ** depth - 1) : 1;
  const grey = new Uint8Array(header.width * header.height);
  for (let n = 0; n < grey.length; n++) {
    const at = n * channels;
    const index = samples[at] * spread;
    let alpha = 255;
    let [red, green, blue] = [index, index, index];
    if (colour === 3) {
      [red, green, blue] = palette.subarray(3 * index, 3 * index + 3);
      if (transparency) alpha = transparency[index] ?? 255;
    } else if (colour === 2 || colour === 6) {
      [green, blue] = [samples[at + 1], samples[at + 2]];
      if (colour === 6) alpha = samples[at + 3];
      else if (transparency && matches(transparency, [red, green, blue])) alpha = 0;
    } else if (colour === 4) alpha = samples[at + 1];
    else if (transparency && matches(transparency, [red])) alpha = 0;
    if (alpha < 255) [red, green, blue] = [red, green, blue].map((value) => overBlack(value, alpha));
    grey[n] = luminance(red, green, blue);
  }
  return grey;
}

function matches(transparency: Uint8Array, colour: number[]): boolean {
  return colour.every((value, n) => transparency[2 * n] * 256 + transparency[2 * n + 1] === value);
}

/** Return ITU-R BT.601's luminance in Pillow's whole numbers. */
export function luminance(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
}

/** Return a value laid over black, in the whole numbers of Pillow's `alpha_composite`. */
function overBlack(value: number, alpha: number): number {
  const sum = value * alpha * 128 + (0x80 << 7);
  return (((sum >> 8) + sum) >> 8) >> 7;
}

function crc(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return ~sum >>> 0;
}
