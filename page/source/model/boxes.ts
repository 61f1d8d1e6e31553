/**
 * Which boxes a network finds: out of its maps of centres, and back on the film.
 *
 * A cell whose output none of its eight neighbours exceeds is a peak, and a peak of at least the threshold is a box; the other maps say how
 * large it is and where in the cell its centre lies. All of it is done outside the network's file, as the desk does it (`centre_maps` of
 * radlib). Of drawn films the desk's boxes lie in the page, and with them those that two runtimes may draw or leave out; every
 * other box must be there, and none elsewhere.
 */

import type { Placement } from "../films/prepare";
import type { Variant } from "./variant";

/** A box: the number of its label, its score, and where it lies, pixels. */
export interface Box {
  readonly label: number;
  readonly score: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Boxes of a film, at the size that it is looked at. */
export interface FilmBoxes {
  readonly width: number;
  readonly height: number;
  readonly boxes: Box[];
}

/** A box as the desk writes it: label, score, left, top, width, height. */
export type BoxRow = readonly [number, number, number, number, number, number];

/** What the desk finds in a drawn film, and what another runtime may draw or leave out. */
export interface ExpectedBoxes {
  readonly boxes: BoxRow[];
  readonly undecided: BoxRow[];
}

const SLACK = 1e-6; // of sums
const NEIGHBOURS = [-1, 0, 1].flatMap((down) => [-1, 0, 1].map((right) => [down, right] as const));

/** Return the boxes that are drawn, by label and falling score, in pixels of the square. */
export function boxesOf(variant: Variant, outputs: Float32Array): Box[] {
  const { least, most } = variant.centres;
  return variant.labels.flatMap((_, label) =>
    peaksOf(variant, outputs, label, least)
      .slice(0, most)
      .map((cell) => boxAt(variant, outputs, label, cell)),
  );
}

/** Return the score of the surest box of each label, drawn or not; 0 where there is not even a faint one. */
export function surestOf(variant: Variant, outputs: Float32Array): number[] {
  const { faintest } = variant.centres;
  return variant.labels.map((_, label) => {
    const [cell] = peaksOf(variant, outputs, label, faintest);
    return cell === undefined ? 0 : outputs[cell * variant.outputs.length + label];
  });
}

/** Return the cells of a label's peaks, the highest first, of equal ones the first by rows. */
function peaksOf(variant: Variant, outputs: Float32Array, label: number, least: number): number[] {
  const [side, maps] = [cellsOf(variant), variant.outputs.length];
  const heat = (cell: number) => outputs[cell * maps + label];
  const found: number[] = [];
  for (let cell = 0; cell < side * side; cell++) {
    const [row, column] = [Math.floor(cell / side), cell % side];
    const highest = NEIGHBOURS.every(([down, right]) => {
      const [y, x] = [row + down, column + right];
      if (y < 0 || y >= side || x < 0 || x >= side) return true;
      const other = y * side + x; // of equal neighbours the first is the peak
      return other < cell ? heat(cell) > heat(other) : heat(cell) >= heat(other);
    });
    if (highest && heat(cell) >= least) found.push(cell);
  }
  return found.sort((one, other) => heat(other) - heat(one) || one - other);
}

function boxAt(variant: Variant, outputs: Float32Array, label: number, cell: number): Box {
  const [cells, maps] = [cellsOf(variant), variant.outputs.length];
  const { stride } = variant.centres;
  const side = cells * stride;
  const own = outputs.subarray(cell * maps, (cell + 1) * maps);
  const [width, height, right, down] = own.subarray(variant.labels.length);
  const [x, y] = [((cell % cells) + right) * stride, (Math.floor(cell / cells) + down) * stride];
  const held = (at: number) => Math.min(Math.max(at, 0), side);
  const [left, top] = [held(x - (width * side) / 2), held(y - (height * side) / 2)];
  const [end, bottom] = [held(x + (width * side) / 2), held(y + (height * side) / 2)];
  return { label, score: own[label], left, top, width: end - left, height: bottom - top };
}

function cellsOf(variant: Variant): number {
  return Math.floor(variant.preparation.image_size / variant.centres.stride);
}

/** Return where a box of the square lies on its film at some size, cut at the film's edges. */
export function onFilm(box: Box, place: Placement, width: number, height: number): Box {
  const along = (at: number, first: number, length: number, whole: number) =>
    Math.min(Math.max(((at - first) * whole) / length, 0), whole);
  const [left, end] = [box.left, box.left + box.width].map((at) => along(at, place.left, place.width, width));
  const [top, bottom] = [box.top, box.top + box.height].map((at) =>
    along(at, place.top, place.height, height),
  );
  return { ...box, left, top, width: end - left, height: bottom - top };
}

/** Return how many boxes are found otherwise than on the desk and are not undecided; what is no number is wrong. */
export function wrongBoxes(variant: Variant, outputs: Float32Array, expected: ExpectedBoxes): number {
  if (outputs.length !== cellsOf(variant) ** 2 * variant.outputs.length || !outputs.every(Number.isFinite))
    return 1;
  const found = boxesOf(variant, outputs);
  const [there, undecided] = [expected.boxes.map(boxFrom), expected.undecided.map(boxFrom)];
  const lacks = (box: Box, others: Box[]) => !others.some((other) => alike(variant, box, other));
  const invented = found.filter((box) => lacks(box, [...there, ...undecided]));
  const missed = there.filter((box) => lacks(box, [...found, ...undecided]));
  return invented.length + missed.length;
}

/** Return a box from the desk's row. */
export function boxFrom([label, score, left, top, width, height]: BoxRow): Box {
  return { label, score, left, top, width, height };
}

/** Tell whether two boxes are one but for rounding. */
function alike({ centres }: Variant, one: Box, other: Box): boolean {
  const edges = (box: Box) => [box.left, box.top, box.left + box.width, box.top + box.height];
  const there = edges(other);
  return (
    one.label === other.label &&
    Math.abs(one.score - other.score) <= centres.apart + SLACK &&
    edges(one).every((edge, n) => Math.abs(edge - there[n]) <= centres.edges_apart + SLACK)
  );
}
