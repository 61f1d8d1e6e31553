/**
 * JPEG films: the plane of luminance, exactly as libjpeg-turbo gives it to Pillow.
 *
 * The decoder is asked for colours and would mix the planes. So it is told, by a mark of Adobe, that they are not
 * YCbCr: the planes come out as they are, and the first is the luminance that the desk reads. ITU-T T.81, T.871.
 */

import { type Codecs, decodeFrame } from "../dicom/codecs";
import { latin } from "./content";
import { luminance } from "./png";
import type { Picture } from "./pictures";
import { MAX_PIXELS, UnreadableFilm } from "./reasons";

const READ = new Set([0xc0, 0xc1, 0xc2, 0xc9, 0xca]); // sequential and progressive, Huffman or arithmetic
const NO_FRAMES = new Set([0xc4, 0xc8, 0xcc]);
const ADOBE_UNMIXED = [0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, 0];

/** What the markers before the pixels say. */
interface Marks {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  readonly mixed: boolean; // whether three planes are YCbCr
  readonly exif: Uint8Array | null;
  readonly unmixed: Uint8Array; // the file, its planes said to be what they are
}

/** Planes of a JPEG, channels beside each other, 8 bits. */
export interface Planes {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  readonly mixed: boolean;
  readonly values: Uint8Array;
}

/** Return a JPEG's grey levels. */
export async function readJpeg(file: Uint8Array, codecs: Codecs): Promise<Picture> {
  const marks = readMarks(file);
  if (marks.components === 4) return { ...(await fourInks(file, marks)), highest: 255, exif: marks.exif };
  const { width, height, components, mixed, values } = await planes(file, codecs);
  const grey = components === 1 ? values : new Uint8Array(width * height);
  for (let n = 0, at = 0; at < values.length && components === 3; n++, at += 3)
    grey[n] = mixed ? values[at] : luminance(values[at], values[at + 1], values[at + 2]);
  return { width, height, values: grey, highest: 255, exif: marks.exif };
}

/** Return the luminance of a JPEG of four inks, which the browser itself mixes: within one grey level of the desk's. */
async function fourInks(file: Uint8Array, { width, height }: Marks) {
  if (width * height > MAX_PIXELS) throw new UnreadableFilm("too_large");
  if (typeof createImageBitmap === "undefined") throw new UnreadableFilm("unsupported_compression"); // no browser
  const asStored = { imageOrientation: "none", colorSpaceConversion: "none" } as const;
  const drawn = await createImageBitmap(new Blob([file as BlobPart]), asStored);
  const canvas = new OffscreenCanvas(width, height).getContext("2d");
  if (!canvas || drawn.width !== width || drawn.height !== height) throw new UnreadableFilm("damaged");
  canvas.drawImage(drawn, 0, 0);
  drawn.close();
  const { data } = canvas.getImageData(0, 0, width, height);
  const values = new Uint8Array(width * height);
  for (let n = 0, at = 0; n < values.length; n++, at += 4)
    values[n] = luminance(data[at], data[at + 1], data[at + 2]);
  return { width, height, values };
}

/** Decode the planes of a JPEG of 8 bits, one or three. */
export async function planes(file: Uint8Array, codecs: Codecs): Promise<Planes> {
  const marks = readMarks(file);
  if (marks.width * marks.height > MAX_PIXELS) throw new UnreadableFilm("too_large");
  if (marks.components !== 1 && marks.components !== 3) throw new UnreadableFilm("unsupported_compression");
  const { JPEGDecoder } = await codecs.jpeg();
  try {
    const decoder = new JPEGDecoder();
    const { width, height, componentCount } = decodeFrame(decoder, marks.unmixed);
    const values = Uint8Array.from(decoder.getDecodedBuffer());
    decoder.delete();
    if (values.length !== width * height * componentCount || componentCount !== marks.components)
      throw new UnreadableFilm("damaged");
    return { width, height, components: componentCount, mixed: marks.mixed, values };
  } catch (error) {
    codecs.renew();
    throw error;
  }
}

function readMarks(file: Uint8Array): Marks {
  const kept: Uint8Array[] = [file.subarray(0, 2)];
  let [exif, jfif, transform]: [Uint8Array | null, boolean, number] = [null, false, -1];
  let place = 2;
  while (place + 4 <= file.length && file[place] === 0xff) {
    const mark = file[place + 1];
    if (mark === 0xff) {
      place++; // fill bytes
      continue;
    }
    const end = place + 2 + file[place + 2] * 256 + file[place + 3];
    const content = file.subarray(place + 4, end);
    if (mark >= 0xc0 && mark <= 0xcf && !NO_FRAMES.has(mark)) {
      if (!READ.has(mark) || content[0] !== 8) throw new UnreadableFilm("unsupported_compression");
      return frame(file, place, content, kept, exif, jfif, transform);
    }
    if (mark === 0xf7) throw new UnreadableFilm("unsupported_compression");
    const named = latin(content.subarray(0, 5));
    if (mark === 0xe0 && named === "JFIF\0") jfif = true;
    else if (mark === 0xee && named === "Adobe") transform = content[11];
    else kept.push(file.subarray(place, end));
    if (mark === 0xe1 && named === "Exif\0") exif ??= content.subarray(6);
    place = end;
  }
  throw new UnreadableFilm("damaged");
}

function frame(
  file: Uint8Array,
  place: number,
  content: Uint8Array,
  kept: Uint8Array[],
  exif: Uint8Array | null,
  jfif: boolean,
  transform: number,
): Marks {
  const components = content[5];
  const ids = [0, 1, 2].map((n) => String.fromCharCode(content[6 + 3 * n])).join("");
  const plain = !jfif && (transform >= 0 ? transform === 0 : ids === "RGB");
  const parts = [kept[0], Uint8Array.from(ADOBE_UNMIXED), ...kept.slice(1), file.subarray(place)];
  return {
    height: content[1] * 256 + content[2],
    width: content[3] * 256 + content[4],
    components,
    mixed: components === 3 && !plain,
    exif,
    unmixed: components === 3 ? joined(parts) : file,
  };
}

/** Return parts one behind the other. */
export function joined(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}
