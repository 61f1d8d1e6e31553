/** The header of a DICOM file: opened with or without its mark, and asked by name for the few values that count. */

import * as dicomParser from "dicom-parser";

import { hasMark, shownSyntax } from "../films/content";
import { UnreadableFilm } from "../films/reasons";

export const SYNTAX = {
  implicitLittle: "1.2.840.10008.1.2",
  explicitLittle: "1.2.840.10008.1.2.1",
  deflated: "1.2.840.10008.1.2.1.99",
  explicitBig: "1.2.840.10008.1.2.2",
  jpegBaseline: "1.2.840.10008.1.2.4.50",
  jpegExtended: "1.2.840.10008.1.2.4.51",
  jpegLossless: "1.2.840.10008.1.2.4.57",
  jpegLosslessFirst: "1.2.840.10008.1.2.4.70",
  jpegLsLossless: "1.2.840.10008.1.2.4.80",
  jpegLsNear: "1.2.840.10008.1.2.4.81",
  jpeg2000Lossless: "1.2.840.10008.1.2.4.90",
  jpeg2000: "1.2.840.10008.1.2.4.91",
  rle: "1.2.840.10008.1.2.5",
} as const;

const TAGS = {
  TransferSyntaxUID: "x00020010",
  SamplesPerPixel: "x00280002",
  PhotometricInterpretation: "x00280004",
  PlanarConfiguration: "x00280006",
  NumberOfFrames: "x00280008",
  Rows: "x00280010",
  Columns: "x00280011",
  BitsAllocated: "x00280100",
  BitsStored: "x00280101",
  HighBit: "x00280102",
  PixelRepresentation: "x00280103",
  PixelPaddingValue: "x00280120",
  PixelPaddingRangeLimit: "x00280121",
  WindowCenter: "x00281050",
  WindowWidth: "x00281051",
  RescaleIntercept: "x00281052",
  RescaleSlope: "x00281053",
  VOILUTFunction: "x00281056",
  ModalityLUTSequence: "x00283000",
  LUTDescriptor: "x00283002",
  LUTData: "x00283006",
  VOILUTSequence: "x00283010",
  PixelData: "x7fe00010",
} as const;
export type Tag = keyof typeof TAGS;

const SEQUENCES = new Set<string>([TAGS.ModalityLUTSequence, TAGS.VOILUTSequence]);

/** A header, or an item of a sequence in it. */
export interface Header {
  readonly dataSet: dicomParser.DataSet;
  readonly syntax: string;
  readonly bigEndian: boolean;
}

/** Open a DICOM file. One that is deflated is refused: a few KB can inflate to gigabytes before any check. */
export function openHeader(file: Uint8Array): Header {
  const marked = hasMark(file);
  const syntax = marked ? undefined : unmarkedSyntax(file);
  if (marked && metaSyntax(file) === SYNTAX.deflated) throw new UnreadableFilm("unsupported_compression");
  const options: dicomParser.ParseDicomOptions = { vrCallback: kindOf };
  const dataSet = dicomParser.parseDicom(file, syntax ? { ...options, TransferSyntaxUID: syntax } : options);
  const named = dataSet.string(TAGS.TransferSyntaxUID) ?? syntax;
  if (!named) throw new UnreadableFilm("damaged");
  return { dataSet, syntax: named, bigEndian: named === SYNTAX.explicitBig };
}

function unmarkedSyntax(file: Uint8Array): string {
  return shownSyntax(file.subarray(0, 512));
}

function metaSyntax(file: Uint8Array): string | undefined {
  const meta = dicomParser.parseDicom(file, { untilTag: TAGS.TransferSyntaxUID });
  return meta.string(TAGS.TransferSyntaxUID);
}

/** Say which elements are sequences: an implicit file does not, and one of known length would be taken for bytes. */
function kindOf(tag: string): string | undefined {
  return SEQUENCES.has(tag) ? "SQ" : undefined;
}

/** Return a whole number of 16 bits, signed where its kind or the film's values are; undefined where there is none. */
export function whole(header: Header, tag: Tag): number | undefined {
  const element = header.dataSet.elements[TAGS[tag]];
  if (!element || element.length < 2) return undefined;
  const signed = element.vr === "SS" || (!element.vr && tag.startsWith("PixelPadding") && isSigned(header));
  return signed ? header.dataSet.int16(TAGS[tag]) : header.dataSet.uint16(TAGS[tag]);
}

/** Tell whether stored values have a sign. */
export function isSigned(header: Header): boolean {
  return (header.dataSet.uint16(TAGS.PixelRepresentation) ?? 0) === 1;
}

/** Return a text without the spaces around it; empty where there is none. */
export function text(header: Header, tag: Tag): string {
  return (header.dataSet.string(TAGS[tag]) ?? "").trim();
}

/** Return DICOM's none, one or several decimal numbers; an empty one among several is not a number. */
export function numbers(header: Header, tag: Tag): number[] {
  const said = text(header, tag);
  return said === "" ? [] : said.split("\\").map((part) => (part.trim() === "" ? NaN : Number(part)));
}

/** Return the items of a sequence that hold a table. */
export function tables(header: Header, tag: Tag): Header[] {
  const items = header.dataSet.elements[TAGS[tag]]?.items ?? [];
  return items
    .map((item) => item.dataSet)
    .filter((item): item is dicomParser.DataSet => item !== undefined)
    .filter((item) => TAGS.LUTData in item.elements && TAGS.LUTDescriptor in item.elements)
    .map((dataSet) => ({ ...header, dataSet }));
}

/** Return the bytes of an element and its kind; null where it is not there. */
export function content(header: Header, tag: Tag): { bytes: Uint8Array; kind: string } | null {
  const element = header.dataSet.elements[TAGS[tag]];
  if (!element) return null;
  const { dataOffset, length } = element;
  const bytes = header.dataSet.byteArray.subarray(dataOffset, dataOffset + length) as Uint8Array;
  return { bytes, kind: element.vr ?? "" };
}

/** Return the parts that compressed pixels were cut into; null where they are not compressed. */
export function fragments(header: Header): Uint8Array[] | null {
  const element = header.dataSet.elements[TAGS.PixelData];
  if (!element?.encapsulatedPixelData || !element.fragments) return null;
  const bytes = header.dataSet.byteArray as Uint8Array;
  return element.fragments.map(({ position, length }) => bytes.subarray(position, position + length));
}
