/**
 * A film as it is meant to be looked at: its pixels look up their brightness in the table of the grey-scale chain.
 *
 * Where the stored bits lie, and whether a table or a window made one level of all, is decided here. PS3.3, C.7.6.3.
 */

import { clip, type Grey, type Stored } from "../films/grey";
import { UnreadableFilm } from "../films/reasons";
import { chainOf } from "./grey_tables";
import { type Header, text, whole } from "./header";

const GREY = ["MONOCHROME1", "MONOCHROME2"];
const COLOURS = ["RGB", "YBR_FULL", "YBR_FULL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT"];

/** Return what values mean, in upper case. */
export function photometricOf(header: Header): string {
  const said = text(header, "PhotometricInterpretation").toUpperCase();
  if ([...GREY, ...COLOURS].includes(said)) return said;
  throw new UnreadableFilm(said === "PALETTE COLOR" ? "not_grey" : "invalid_values");
}

/** How stored values are read. */
export interface Reading {
  readonly photometric: string;
  readonly packed: boolean; // whether values start at the lowest bit, as JPEG codecs leave them
  readonly window: number; // which of several VOI tables or windows
}

/** Return a film, padding black, scaled by the range that values can reach. */
export function shown(stored: Stored, header: Header, how: Reading): Grey {
  const { bits, shift } = placeOf(stored, header, how.packed);
  const { brightness, padding } = chainOf(header, bits, how);
  const mask = 2 ** bits - 1;
  const { height, width, values } = stored;
  const film = new Float32Array(values.length);
  for (let n = 0; n < film.length; n++) film[n] = brightness[(values[n] >> shift) & mask];
  checkKept(values, brightness, padding, shift, mask);
  return { height, width, values: film };
}

/** Return how many bits of a word are the film's, and how many lie below them. */
export function placeOf(stored: Stored, header: Header, packed: boolean): { bits: number; shift: number } {
  const container = 8 * stored.values.BYTES_PER_ELEMENT;
  const said = whole(header, "BitsStored");
  if (said === undefined) throw new UnreadableFilm("damaged");
  const bits = Math.min(said, container);
  if (bits < 1) throw new UnreadableFilm("invalid_values");
  const claimed = (whole(header, "HighBit") ?? bits - 1) + 1 - bits;
  return { bits, shift: packed ? 0 : shiftOf(stored.values, container, claimed, bits) };
}

/** Return how many bits lie below the stored ones: as `HighBit` says, unless values lie there and none above. */
function shiftOf(values: Uint8Array | Uint16Array, container: number, claimed: number, bits: number): number {
  const shift = clip(claimed, 0, container - bits);
  if (!shift) return 0;
  let [used, least, most] = [0, Infinity, -Infinity];
  for (let n = 0; n < values.length; n++) {
    const value = values[n];
    used |= value;
    const signed = value >= 2 ** (container - 1) ? value - 2 ** container : value;
    least = Math.min(least, signed);
    most = Math.max(most, signed);
  }
  const half = 2 ** (bits - 1);
  const below = used < 2 ** bits || (-half <= least && most < half);
  return used % 2 ** shift && below ? 0 : shift;
}

/** Refuse a film whose values differ and have all become one level, by a table or a window that is not theirs. */
function checkKept(
  values: Uint8Array | Uint16Array,
  brightness: Float32Array,
  padding: Uint8Array,
  shift: number,
  mask: number,
): void {
  let level = NaN;
  for (let n = 0; n < values.length; n++) {
    const place = (values[n] >> shift) & mask;
    if (padding[place]) continue;
    if (!Number.isNaN(level) && brightness[place] !== level) return; // as in nearly every film, at once
    level = brightness[place];
  }
  const patterns = [...new Set(values)];
  const pictured = patterns.filter((pattern) => !padding[(pattern >> shift) & mask]).length;
  const differ = padding.includes(1) && pictured ? pictured > 1 : patterns.length > 1;
  if (differ) throw new UnreadableFilm("invalid_values");
}
