/** What is outlined: shares, the way back onto the film, pixels that may be turned, and colours over a film. */

import { describe, expect, test } from "vitest";

import { decide } from "../source/decision/deciding";
import { csvOf } from "../source/decision/table";
import { outlineOf, wrongPixels } from "../source/model/outline";
import type { Variant } from "../source/model/variant";
import { COLOURS, outlinePixels, shrunk } from "../source/view/outline_painting";

const VARIANT = {
  task: "outlines",
  outputs: ["lung", "lesion"],
  labels: ["lung", "lesion"],
  negatives: [],
  thresholds: [],
  least: 0.5,
  rounding: 1e-4,
  preparation: { image_size: 4, resize: "pad", operations: [], bits: 8 },
} as unknown as Variant;

/** Lung on the left half of the square, nothing else. */
const OUTPUTS = Float32Array.from({ length: 32 }, (_, n) => (n % 2 === 0 && (n >> 1) % 4 < 2 ? 0.9 : 0.1));

describe("outlines", () => {
  test("a film's row has the share of each label, and none where there is no number", () => {
    const decision = decide(VARIANT, OUTPUTS);
    expect(decision.said.map(({ label, share, positive }) => [label, share, positive])).toEqual([
      ["lung", 0.5, true],
      ["lesion", 0, false],
    ]);
    const broken = decide(
      VARIANT,
      OUTPUTS.map(() => NaN),
    );
    expect(broken.said[0]).toMatchObject({ positive: null, reason: "no_number" });
    const [head, first, second] = csvOf(VARIANT, [
      { file: "a.png", imageId: "ab", decision, reason: "", warning: "" },
      { file: "b.png", imageId: "cd", decision: broken, reason: "", warning: "" },
    ]).split("\r\n");
    expect(head).toBe("file,image_id,lung_share,lesion_share,reason,warning");
    expect(first).toBe("a.png,ab,0.5,0,,");
    expect(second).toBe("b.png,cd,,,the model gave no number,");
  });

  test("a mask comes out of the padding and to the film's size", () => {
    const tall = outlineOf(VARIANT, OUTPUTS, { left: 1, top: 0, width: 2, height: 4 }, 8, 16);
    expect(tall.masks.map((mask) => mask.length)).toEqual([128, 128]);
    const row = [...tall.masks[0].subarray(0, 8)];
    expect(row).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
    expect(tall.masks[1].some(Boolean)).toBe(false);
  });

  test("a pixel may be turned where the desk was undecided, and nowhere else", () => {
    const drawn = Uint8Array.from(OUTPUTS, (value) => Number(value >= 0.5));
    expect(wrongPixels(VARIANT, OUTPUTS, drawn)).toBe(0);
    const turned = drawn.slice();
    turned[0] ^= 1;
    expect(wrongPixels(VARIANT, OUTPUTS, turned)).toBe(1);
    turned[0] |= 2;
    expect(wrongPixels(VARIANT, OUTPUTS, turned)).toBe(0);
    expect(wrongPixels(VARIANT, OUTPUTS.fill(NaN, 5, 6).slice(), drawn)).toBe(1);
    expect(wrongPixels(VARIANT, OUTPUTS, drawn.subarray(1))).toBeGreaterThan(0);
  });

  test("a line lies inside the edge and a dark rim outside of it; what lies beyond is left as it is", () => {
    const [width, height] = [9, 9];
    const mask = Uint8Array.from({ length: 81 }, (_, n) =>
      Number(n % 9 >= 2 && n % 9 <= 6 && n >= 18 && n < 63),
    );
    const pixels = outlinePixels({ width, height, masks: [mask] });
    const at = (row: number, column: number) => [...pixels.subarray(4 * (row * 9 + column)).subarray(0, 4)];
    const [line, fill, rim] = [at(2, 2), at(4, 4), at(1, 2)];
    expect(line.slice(0, 3)).toEqual([...COLOURS[0]]);
    expect(fill.slice(0, 3)).toEqual([...COLOURS[0]]);
    expect(line[3]).toBeGreaterThan(3 * fill[3]);
    expect(rim.slice(0, 3)).toEqual([0, 0, 0]);
    expect(rim[3]).toBeGreaterThan(100);
    expect(at(0, 0)[3]).toBe(0);
    const whole = new Uint8Array(81).fill(1);
    expect(shrunk(whole, 9, 9, 1).filter(Boolean)).toHaveLength(49); // closed at the film's own edge
    expect(shrunk(whole, 9, 9, 1, 1).filter(Boolean)).toHaveLength(81);
  });
});
