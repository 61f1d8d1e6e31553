/** From the pixel data of a DICOM film to stored integers, by the decoder of its transfer syntax. */

import { Decoder as LosslessDecoder } from "jpeg-lossless-decoder-js";

import type { Stored } from "../films/grey";
import { joined, planes } from "../films/jpeg";
import { MAX_PIXELS, UnreadableFilm } from "../films/reasons";
import { type Codecs, decodeFrame, type FrameDecoder } from "./codecs";
import { expanded, interleaved, luminances, redGreenBlue } from "./colours";
import { content, fragments, type Header, isSigned, SYNTAX, whole } from "./header";
import { decodeRle } from "./rle";

/** What a decoder gives: samples beside each other, and whether three are YCbCr still. */
interface Samples {
  readonly height: number;
  readonly width: number;
  readonly count: number;
  readonly values: Uint8Array | Uint16Array;
  readonly mixed: boolean;
}

/** Decode a film; colours become their luminance. */
export async function storedValues(header: Header, photometric: string, codecs: Codecs): Promise<Stored> {
  if (!content(header, "PixelData")) throw new UnreadableFilm("no_pixels");
  const samples = await decoded(header, photometric, codecs);
  const { height, width, values, count } = samples;
  if (values.length < height * width * count) throw new UnreadableFilm("damaged");
  if (count === 1) return { height, width, values };
  const rgb = samples.mixed && values instanceof Uint8Array ? redGreenBlue(values) : values;
  return luminances(rgb, height, width);
}

async function decoded(header: Header, photometric: string, codecs: Codecs): Promise<Samples> {
  const parts = fragments(header);
  if (!parts) {
    if (!isPlain(header.syntax)) throw new UnreadableFilm("damaged");
    return plain(header, photometric);
  }
  const frame = joined(parts);
  switch (header.syntax) {
    case SYNTAX.jpegBaseline:
    case SYNTAX.jpegExtended:
      return baseline(frame, header, photometric, codecs);
    case SYNTAX.jpegLossless:
    case SYNTAX.jpegLosslessFirst:
      return lossless(frame, photometric);
    case SYNTAX.jpegLsLossless:
    case SYNTAX.jpegLsNear:
      return jpegLs(frame, header, photometric, codecs);
    case SYNTAX.jpeg2000Lossless:
    case SYNTAX.jpeg2000:
      return jpeg2000(frame, header, codecs);
    case SYNTAX.rle:
      return rle(frame, header, photometric);
    default:
      throw new UnreadableFilm("damaged");
  }
}

function isPlain(syntax: string): boolean {
  return ([SYNTAX.implicitLittle, SYNTAX.explicitLittle, SYNTAX.explicitBig] as string[]).includes(syntax);
}

function shape(header: Header): { height: number; width: number; count: number } {
  const count = whole(header, "SamplesPerPixel") || 1;
  if (count !== 1 && count !== 3) throw new UnreadableFilm("damaged");
  return { height: whole(header, "Rows") ?? 0, width: whole(header, "Columns") ?? 0, count };
}

function bytesOf(header: Header): 1 | 2 {
  const bits = whole(header, "BitsAllocated");
  if (bits === 8) return 1;
  if (bits === 16) return 2;
  throw new UnreadableFilm(bits === 32 || bits === 64 ? "invalid_values" : "damaged");
}

/** Return pixels of one bit, eight in a byte, the first in its lowest bit, rows one behind the other. */
function unpacked(bytes: Uint8Array, samples: number): Uint8Array {
  if (8 * bytes.length < samples) throw new UnreadableFilm("damaged");
  return new Uint8Array(samples).map((_, n) => (bytes[n >> 3] >> (n & 7)) & 1);
}

function plain(header: Header, photometric: string): Samples {
  const { height, width, count } = shape(header);
  const found = content(header, "PixelData");
  if (whole(header, "BitsAllocated") === 1 && count === 1 && found)
    return { height, width, count, values: unpacked(found.bytes, height * width), mixed: false };
  const bytes = bytesOf(header);
  const halved = photometric === "YBR_FULL_422" && count === 3 && bytes === 1;
  const samples = height * width * (halved ? 2 : count);
  if (!found || found.bytes.length < samples * bytes) throw new UnreadableFilm("damaged");
  const swapped = header.bigEndian && (bytes === 2 || found.kind === "OW");
  const data = found.bytes.slice(0, samples * bytes + (samples & 1 & (swapped ? 1 : 0)));
  if (swapped) swapPairs(data);
  const whole16 = bytes === 2 ? new Uint16Array(data.buffer, 0, samples) : data.subarray(0, samples);
  const mixed = photometric.startsWith("YBR_FULL");
  if (halved) return { height, width, count, values: expanded(data, height * width), mixed };
  return { height, width, count, values: beside(whole16, header, count, height * width), mixed };
}

function beside<T extends Uint8Array | Uint16Array>(
  values: T,
  header: Header,
  count: number,
  pixels: number,
): T {
  const apart = count === 3 && whole(header, "PlanarConfiguration") === 1;
  return apart ? interleaved(values, pixels) : values;
}

function swapPairs(data: Uint8Array): void {
  for (let n = 0; n + 1 < data.length; n += 2) [data[n], data[n + 1]] = [data[n + 1], data[n]];
}

async function baseline(
  frame: Uint8Array,
  header: Header,
  photometric: string,
  codecs: Codecs,
): Promise<Samples> {
  const { width, height, components, values, mixed } = await planes(frame, codecs);
  if (components !== shape(header).count) throw new UnreadableFilm("damaged");
  return { width, height, count: components, values, mixed: mixed && photometric !== "RGB" };
}

function lossless(frame: Uint8Array, photometric: string): Samples {
  checkSize(frame);
  const decoder = new LosslessDecoder();
  const buffer = frame.slice().buffer as ArrayBuffer;
  const values = decoder.decode(buffer, 0, buffer.byteLength);
  const mixed = photometric.startsWith("YBR_FULL");
  return { height: decoder.yDim, width: decoder.xDim, count: decoder.numComp, values, mixed };
}

/** Refuse a frame that claims too many pixels, before a decoder makes room for them. */
function checkSize(frame: Uint8Array): void {
  for (let place = 2; place + 9 < frame.length && frame[place] === 0xff;) {
    const [mark, size] = [frame[place + 1], frame[place + 2] * 256 + frame[place + 3]];
    if (mark >= 0xc0 && mark <= 0xcf && mark !== 0xc4 && mark !== 0xc8 && mark !== 0xcc) {
      const pixels =
        (frame[place + 5] * 256 + frame[place + 6]) * (frame[place + 7] * 256 + frame[place + 8]);
      if (pixels > MAX_PIXELS) throw new UnreadableFilm("too_large");
      return;
    }
    place += 2 + size;
  }
}

async function jpegLs(
  frame: Uint8Array,
  header: Header,
  photometric: string,
  codecs: Codecs,
): Promise<Samples> {
  const { JpegLSDecoder } = await codecs.jpegLs();
  const found = run(new JpegLSDecoder(), frame, codecs);
  if (isSigned(header)) extendSign(found.values, found.bits);
  return { ...found, mixed: photometric.startsWith("YBR_FULL") };
}

async function jpeg2000(frame: Uint8Array, header: Header, codecs: Codecs): Promise<Samples> {
  const { J2KDecoder } = await codecs.jpeg2000();
  const found = run(new J2KDecoder(), frame, codecs);
  const { values, bits, signed } = found;
  if (signed && !isSigned(header)) values.forEach((v, n) => (values[n] = (v + 2 ** (bits - 1)) % 2 ** bits));
  if (!signed && isSigned(header)) extendSign(values, bits);
  return { ...found, mixed: false };
}

/** Decode a frame by WebAssembly and free its memory. */
function run(
  decoder: FrameDecoder,
  frame: Uint8Array,
  codecs: Codecs,
): Omit<Samples, "mixed"> & { bits: number; signed: boolean } {
  try {
    const { width, height, componentCount, bitsPerSample, isSigned: signed } = decodeFrame(decoder, frame);
    const bytes = Uint8Array.from(decoder.getDecodedBuffer());
    decoder.delete();
    const values = bitsPerSample > 8 ? new Uint16Array(bytes.buffer, 0, bytes.length >> 1) : bytes;
    return { height, width, count: componentCount, values, bits: bitsPerSample, signed: signed ?? false };
  } catch (error) {
    codecs.renew();
    throw error;
  }
}

function extendSign(values: Uint8Array | Uint16Array, bits: number): void {
  const half = 2 ** (bits - 1);
  values.forEach((value, n) => (values[n] = ((value & (2 * half - 1)) ^ half) - half));
}

function rle(frame: Uint8Array, header: Header, photometric: string): Samples {
  const { height, width, count } = shape(header);
  const pixels = height * width;
  const values = decodeRle(frame, pixels, count, bytesOf(header));
  const mixed = photometric.startsWith("YBR_FULL");
  return { height, width, count, values: count === 3 ? interleaved(values, pixels) : values, mixed };
}
