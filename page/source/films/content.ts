/** What a file is, by its first bytes: names lie, and hospitals' films often have none that says anything. */

export type Content = "empty" | "directory" | "dicom" | "png" | "jpeg" | "other";

const DIRECTORY = "1.2.840.10008.1.3.10"; // Media Storage Directory, PS3.6: the index of a DICOM medium
const VALUE_KINDS = new Set(
  (
    "AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN " +
    "UR US UT UV"
  ).split(" "),
);
const LONG_KINDS = new Set("OB OD OF OL OV OW SQ UC UN UR UT SV UV".split(" ")); // lengths of four bytes
const LONGEST_FIRST_VALUE = 1024; // bytes; a header begins with dates, times, ids and codes
const HEAD_BYTES = 512;

/** Return what a file is, from all of its bytes or the first 512. */
export function contentOf(file: Uint8Array): Content {
  const head = file.subarray(0, HEAD_BYTES);
  if (head.length === 0) return "empty";
  if (hasMark(head)) return latin(head.subarray(132)).includes(DIRECTORY) ? "directory" : "dicom";
  if (latin(head.subarray(0, 8)) === "\x89PNG\r\n\x1a\n") return "png";
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return "jpeg";
  if (isUnmarkedDicom(head)) return latin(head).includes(DIRECTORY) ? "directory" : "dicom";
  return "other";
}

/** Tell whether a file has the mark DICM where DICOM files have it. */
export function hasMark(file: Uint8Array): boolean {
  return latin(file.subarray(128, 132)) === "DICM";
}

/**
 * Tell whether a file is DICOM without the mark, as old devices write: it begins with elements of group 2 or 8 in
 * ascending order, little endian or big, with the kind of each value or without.
 */
export function isUnmarkedDicom(head: Uint8Array): boolean {
  const orders = head[0] === 0 ? [true, false] : [true];
  return orders.some((little) => {
    const tags = firstTags(head, little);
    return tags.length >= 2 && tags.every((tag, n) => n === 0 || tags[n - 1] <= tag);
  });
}

/** Return how the elements of an unmarked file are written: its transfer syntax, as its bytes show it. */
export function shownSyntax(head: Uint8Array): string {
  const little = firstTags(head, true).length >= firstTags(head, false).length;
  const explicit = VALUE_KINDS.has(latin(head.subarray(4, 6)));
  if (!explicit) return "1.2.840.10008.1.2";
  return little ? "1.2.840.10008.1.2.1" : "1.2.840.10008.1.2.2";
}

function firstTags(head: Uint8Array, little: boolean): number[] {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const found: number[] = [];
  let place = 0;
  let groups = [2, 8];
  while (place + 12 <= head.length && place < HEAD_BYTES / 2) {
    const group = view.getUint16(place, little);
    const element = view.getUint16(place + 2, little);
    const kind = latin(head.subarray(place + 4, place + 6));
    const long = LONG_KINDS.has(kind);
    const short = !long && VALUE_KINDS.has(kind);
    const length = long
      ? view.getUint32(place + 8, little)
      : short
        ? view.getUint16(place + 6, little)
        : view.getUint32(place + 4, little);
    if (!groups.includes(group) || length > LONGEST_FIRST_VALUE) break;
    found.push(group * 65536 + element);
    place += (long ? 12 : 8) + length;
    groups = group === 2 ? [2, 8] : [2, 8, 0x10];
  }
  return found;
}

/** Return bytes as text, one character each. */
export function latin(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
