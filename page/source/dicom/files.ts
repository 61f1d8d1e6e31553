/** DICOM films: the header first, then the stored values by a decoder that is named, then what they mean. */

import type { Grey } from "../films/grey";
import { MAX_PIXELS, type Reason, UnreadableFilm } from "../films/reasons";
import type { Codecs } from "./codecs";
import { photometricOf, shown } from "./grey_scale";
import { type Header, numbers, openHeader, SYNTAX, whole } from "./header";
import { storedValues } from "./pixels";

const LONGEST_CLIP = 100_000; // frames; what claims more is made to fill the memory
const UNPACKED = new Set<string>([
  SYNTAX.implicitLittle,
  SYNTAX.explicitLittle,
  SYNTAX.explicitBig,
  SYNTAX.rle,
]);
const READABLE = new Set<string>(Object.values(SYNTAX).filter((syntax) => syntax !== SYNTAX.deflated));

/** Return a DICOM film's grey levels, padding black. */
export async function readDicom(file: Uint8Array, codecs: Codecs, window: number): Promise<Grey> {
  const header = openHeader(file);
  const refused = refusal(header);
  if (refused) throw new UnreadableFilm(refused);
  const photometric = photometricOf(header);
  checkCompression(header);
  const stored = await storedValues(header, photometric, codecs);
  if (stored.height !== whole(header, "Rows") || stored.width !== whole(header, "Columns"))
    throw new UnreadableFilm("damaged");
  return shown(stored, header, { photometric, packed: isPacked(header), window });
}

/** Tell whether values start at the lowest bit whatever `HighBit` says, as all JPEG codecs leave them. */
export function isPacked(header: Header): boolean {
  return !UNPACKED.has(header.syntax);
}

/** Return why a film is too large or no single film, by its header alone. */
function refusal(header: Header): Reason | null {
  const [rows, columns] = [whole(header, "Rows"), whole(header, "Columns")];
  if (!rows || !columns) return "no_pixels";
  const frames = numbers(header, "NumberOfFrames")[0] || 1;
  if (frames > 1) return frames <= LONGEST_CLIP ? "several_frames" : "too_large";
  return rows * columns * (whole(header, "SamplesPerPixel") || 1) > MAX_PIXELS ? "too_large" : null;
}

function checkCompression(header: Header): void {
  const twelveBits = header.syntax === SYNTAX.jpegExtended && (whole(header, "BitsStored") ?? 0) > 8;
  if (!READABLE.has(header.syntax) || twelveBits) throw new UnreadableFilm("unsupported_compression");
}
