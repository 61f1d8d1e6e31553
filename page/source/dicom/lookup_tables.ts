/**
 * Modality and VOI tables: from a value to an entry, whatever a device wrote into the descriptor.
 *
 * The value that the first entry stands for is where devices differ: some write -1024 as 64512. Of the two readings that
 * one counts which the film's values meet. DICOM PS3.3, C.11.1.1.1 and C.11.2.1.1.
 */

import { clip, roundHalfEven } from "../films/grey";
import { UnreadableFilm } from "../films/reasons";
import { content, type Header, isSigned } from "./header";

const WORDS = 65536;

/** A table as it is applied. */
export interface Table {
  readonly entries: Float64Array;
  readonly highest: number; // the greatest value that it can give, by its bits or its entries
  readonly written: number; // which value its first entry stands for, as the file has it
}

/** Read the table of an item. */
export function readTable(item: Header): Table {
  const descriptor = content(item, "LUTDescriptor");
  const data = content(item, "LUTData");
  if (!descriptor || !data || descriptor.bytes.length < 6) throw new UnreadableFilm("damaged");
  const said = words(descriptor.bytes, item.bigEndian);
  const count = said[0] || WORDS;
  const bits = said[2];
  const signed = descriptor.kind === "SS" || (descriptor.kind === "" && isSigned(item));
  const single = data.kind !== "US" && data.bytes.length < 2 * count; // entries of 8 bits, one byte each
  const entries = (single ? Float64Array.from(data.bytes) : words(data.bytes, item.bigEndian)).subarray(
    0,
    count,
  );
  if (entries.length < count) throw new UnreadableFilm("damaged");
  if (bits < 1 || bits > 16) throw new UnreadableFilm("invalid_values");
  const greatest = entries.reduce((a, b) => Math.max(a, b), 0);
  const highest = 2 ** Math.max(bits, Math.ceil(Math.log2(greatest + 1))) - 1;
  const written = signed && said[1] >= WORDS / 2 ? said[1] - WORDS : said[1];
  return { entries, highest, written };
}

/** Send values through a table: those before it are its first entry, those beyond it its last. */
export function lookedUp(values: Float64Array, table: Table): Float64Array {
  const { entries } = table;
  const first = firstValue(table.written, entries.length, ...ends(values));
  return values.map((v) => entries[clip(roundHalfEven(v) - first, 0, entries.length - 1)]);
}

/** Return the least and the greatest of some values. */
export function ends(values: Float64Array): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (let n = 0; n < values.length; n++) [low, high] = [Math.min(low, values[n]), Math.max(high, values[n])];
  return [low, high];
}

function words(bytes: Uint8Array, bigEndian: boolean): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float64Array.from({ length: bytes.length >> 1 }, (_, n) => view.getUint16(2 * n, !bigEndian));
}

function firstValue(written: number, count: number, low: number, high: number): number {
  const other = written >= WORDS / 2 ? written - WORDS : written < 0 ? written + WORDS : written;
  const met = (first: number) => Math.min(high, first + count - 1) - Math.max(low, first);
  return met(other) > Math.max(met(written), -1) && met(written) <= 0 ? other : written;
}
