/**
 * The grey-scale chain of DICOM, for every value that a film can store: from bits to the brightness that is seen.
 *
 * Stored values pass through the modality table or slope, then the VOI table or window, then, for MONOCHROME1, the
 * inversion. Each step depends on the value alone. DICOM PS3.3, C.11.1, C.11.2, C.7.5.1.1.2.
 */

import { clip } from "../films/grey";
import { UnreadableFilm } from "../films/reasons";
import { type Header, isSigned, numbers, tables, text, whole } from "./header";
import { ends, lookedUp, readTable } from "./lookup_tables";

const WINDOWED_BITS = 8; // films of so few bits were windowed before they were stored, whatever their tags say
const NARROWEST = 1e-9;

/** What becomes of each pattern of the stored bits, step by step. */
export interface Chain {
  readonly levels: Float64Array; // the numbers that patterns stand for
  readonly modality: Float64Array;
  readonly voi: Float64Array;
  readonly scaled: Float32Array;
  readonly brightness: Float32Array;
  readonly padding: Uint8Array; // 1 where a value means that there is no picture
}

/** Numbers, and the range that they can reach. */
interface Step {
  readonly values: Float64Array;
  readonly low: number;
  readonly high: number;
}

/** Work out the chain of a film. */
export function chainOf(header: Header, bits: number, how: { photometric: string; window: number }): Chain {
  const half = 2 ** (bits - 1);
  const signed = isSigned(header);
  const levels = new Float64Array(2 ** bits);
  for (let n = 0; n < levels.length; n++) levels[n] = signed ? (n ^ half) - half : n;
  const plain = withEnds(levels);
  const said = bits > WINDOWED_BITS;
  const modality = said ? inUnits(plain, header) : plain;
  const voi = said ? displayed(modality, header, how.window) : plain;
  const scaled = scaledTo(voi);
  const brightness = how.photometric === "MONOCHROME1" ? scaled.map((v) => 1 - v) : scaled.slice();
  const padding = paddingOf(levels, header);
  padding.forEach((is, n) => {
    if (is) brightness[n] = 0;
  });
  return { levels, modality: modality.values, voi: voi.values, scaled, brightness, padding };
}

function withEnds(values: Float64Array): Step {
  const [low, high] = ends(values);
  return { values, low, high };
}

/** Apply the modality step: a table, or else a slope. */
function inUnits(step: Step, header: Header): Step {
  const [item] = tables(header, "ModalityLUTSequence");
  if (item) {
    const table = readTable(item);
    return { values: lookedUp(step.values, table), low: 0, high: table.highest };
  }
  const [slopes, intercepts] = [numbers(header, "RescaleSlope"), numbers(header, "RescaleIntercept")];
  if (slopes.length !== 1 || intercepts.length !== 1) return step;
  return withEnds(step.values.map((level) => slopes[0] * level + intercepts[0])); // a negative slope turns them round
}

/** Apply the VOI step: a table before a window, if a film has both, for it says more. */
function displayed(step: Step, header: Header, window: number): Step {
  const items = tables(header, "VOILUTSequence");
  if (items.length) {
    const table = readTable(items[Math.min(window, items.length - 1)]);
    return { values: lookedUp(step.values, table), low: 0, high: table.highest };
  }
  const index = usableWindow(header, window);
  if (index === null) return step;
  const [centre, width] = [numbers(header, "WindowCenter")[index], numbers(header, "WindowWidth")[index]];
  return { values: windowed(step.values, centre, width, functionOf(header)), low: 0, high: 1 };
}

/** Look at values through a window, PS3.3 C.11.2.1.2 and C.11.2.1.3. */
export function windowed(values: Float64Array, centre: number, width: number, kind: string): Float64Array {
  if (kind === "SIGMOID")
    return values.map((v) => 1 / (1 + Math.exp(clip((-4 * (v - centre)) / width, -700, 700))));
  const [middle, range] = kind === "LINEAR" ? [centre - 0.5, width - 1] : [centre, width];
  if (range === 0) return values.map((v) => (v > middle ? 1 : 0));
  return values.map((v) => clip((v - middle) / range + 0.5, 0, 1));
}

/** Return the function of the window; what is none counts as not written. */
function functionOf(header: Header): string {
  const said = text(header, "VOILUTFunction").toUpperCase();
  return ["LINEAR", "LINEAR_EXACT", "SIGMOID"].includes(said) ? said : "LINEAR";
}

/** Return which window to apply; null if there is none: a width of zero or a missing centre means none. */
function usableWindow(header: Header, window: number): number | null {
  const [centres, widths] = [numbers(header, "WindowCenter"), numbers(header, "WindowWidth")];
  const count = Math.min(centres.length, widths.length);
  if (!count) return null;
  const index = Math.min(window, count - 1);
  const narrowest = functionOf(header) === "LINEAR" ? 1 : NARROWEST;
  const usable = Number.isFinite(centres[index]) && widths[index] >= narrowest && widths[index] < Infinity;
  return usable ? index : null;
}

/** Return values as float32, `low` as 0 and `high` as 1. */
function scaledTo({ values, low, high }: Step): Float32Array {
  if (high === low || !Number.isFinite(low) || !Number.isFinite(high))
    throw new UnreadableFilm("invalid_values");
  const scaled = new Float32Array(values.length);
  for (let n = 0; n < scaled.length; n++) {
    const level = (values[n] - low) / (high - low);
    if (!Number.isFinite(level)) throw new UnreadableFilm("invalid_values");
    scaled[n] = clip(level, 0, 1);
  }
  return scaled;
}

/** Return which values mean "no picture here": the padding value, or all up to the range limit. */
function paddingOf(levels: Float64Array, header: Header): Uint8Array {
  const value = whole(header, "PixelPaddingValue");
  if (value === undefined) return new Uint8Array(levels.length);
  const limit = whole(header, "PixelPaddingRangeLimit") ?? value;
  let [low, high] = [Math.min(value, limit), Math.max(value, limit)];
  const [least, most] = ends(levels);
  if (low > most && least < 0) {
    [low, high] = [low - 65536, high - 65536]; // a negative value that was written as an unsigned one
  } else if (high < 0 && 0 <= least) {
    [low, high] = [low + 65536, high + 65536]; // and the other way round
  }
  return new Uint8Array(levels.length).map((_, n) => (low <= levels[n] && levels[n] <= high ? 1 : 0));
}
