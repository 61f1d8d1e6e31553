/** What is found as boxes: peaks of maps, the way back onto the film, boxes that may come or go, and lines over a film. */

import { describe, expect, test } from "vitest";

import { decide } from "../source/decision/deciding";
import { csvOf } from "../source/decision/table";
import { boxesOf, type BoxRow, onFilm, wrongBoxes } from "../source/model/boxes";
import type { Variant } from "../source/model/variant";
import { paintBoxes } from "../source/view/box_painting";
import { COLOURS, colourOf } from "../source/view/outline_painting";

const VARIANT = {
  task: "boxes",
  outputs: ["opacity", "nodule", "width", "height", "right", "down"],
  labels: ["opacity", "nodule"],
  negatives: [],
  thresholds: [],
  rounding: 1e-4,
  centres: { stride: 4, least: 0.3, faintest: 0.02, most: 3, apart: 1e-4, edges_apart: 2e-3, films: [] },
  preparation: { image_size: 32, resize: "pad", operations: [], bits: 8 },
} as unknown as Variant;

/** Return maps without a peak that counts, boxes of 8 × 4 pixels in the middle of each cell, with heat where it is said. */
function maps(heat: [row: number, column: number, label: number, value: number][]): Float32Array {
  const outputs = Float32Array.from({ length: 64 * 6 }, (_, n) => [0, 0, 0.25, 0.125, 0.5, 0.5][n % 6]);
  for (const [row, column, label, value] of heat) outputs[6 * (8 * row + column) + label] = value;
  return outputs;
}

const rows = (outputs: Float32Array): BoxRow[] =>
  boxesOf(VARIANT, outputs).map((box) => [
    box.label,
    Number(box.score.toFixed(4)),
    box.left,
    box.top,
    box.width,
    box.height,
  ]);

describe("boxes", () => {
  test("a peak is a box, of equal neighbours the first, and a box ends at the film's edge", () => {
    const outputs = maps([
      [2, 3, 0, 0.9],
      [2, 4, 0, 0.8], // beside a higher one
      [5, 5, 0, 0.5],
      [5, 6, 0, 0.5],
      [6, 4, 0, 0.5], // as high and later
      [7, 0, 0, 0.2996], // too faint
      [0, 0, 1, 0.7],
    ]);
    expect(rows(outputs)).toEqual([
      [0, 0.9, 10, 8, 8, 4],
      [0, 0.5, 18, 20, 8, 4],
      [1, 0.7, 0, 0, 6, 4],
    ]);
    const many = maps([0, 2, 4, 6].map((row) => [row, 1, 0, 0.4 + row / 20]));
    expect(rows(many).map(([, score]) => score)).toEqual([0.7, 0.6, 0.5]); // no more than are kept
  });

  test("a film's row has how many there are of each label and the score of the surest, drawn or not", () => {
    const decision = decide(
      VARIANT,
      maps([
        [2, 3, 0, 0.75],
        [6, 6, 0, 0.5],
        [4, 4, 1, 0.25],
      ]),
    );
    expect(
      decision.said.map(({ label, boxes, surest, positive }) => [label, boxes, surest, positive]),
    ).toEqual([
      ["opacity", 2, 0.75, true],
      ["nodule", 0, 0.25, false],
    ]);
    const broken = decide(VARIANT, maps([[0, 0, 0, NaN]]));
    const outside = decide(VARIANT, maps([[0, 0, 0, 1.1]]));
    expect(broken.said[0]).toMatchObject({ positive: null, reason: "no_number" });
    expect(outside.said[0].reason).toBe("outside");
    const [head, first, second] = csvOf(VARIANT, [
      { file: "a.png", imageId: "ab", decision, reason: "", warning: "" },
      { file: "b.png", imageId: "cd", decision: broken, reason: "", warning: "" },
    ]).split("\r\n");
    expect(head).toBe("file,image_id,opacity_boxes,opacity_score,nodule_boxes,nodule_score,reason,warning");
    expect(first).toBe("a.png,ab,2,0.75,0,0.25,,");
    expect(second).toBe("b.png,cd,,,,,the model gave no number,");
    expect(decide(VARIANT, maps([[1, 1, 0, 0.01]])).said[0].surest).toBe(0); // too faint to be looked at
  });

  test("a box comes out of the padding, to the film's size, and is cut at its edges", () => {
    const box = { label: 0, score: 1, left: 4, top: 8, width: 10, height: 4 };
    const film = onFilm(box, { left: 8, top: 0, width: 16, height: 32 }, 32, 64);
    expect(film).toMatchObject({ left: 0, top: 16, width: 12, height: 8 });
  });

  test("a box may come or go where the desk was undecided, and nowhere else", () => {
    const outputs = maps([
      [2, 3, 0, 0.9],
      [6, 6, 1, 0.3],
    ]);
    const [sure, near] = rows(outputs);
    expect(wrongBoxes(VARIANT, outputs, { boxes: [sure, near], undecided: [] })).toBe(0);
    expect(wrongBoxes(VARIANT, outputs, { boxes: [sure], undecided: [] })).toBe(1);
    expect(wrongBoxes(VARIANT, outputs, { boxes: [sure], undecided: [near] })).toBe(0);
    const less = maps([[2, 3, 0, 0.9]]);
    expect(wrongBoxes(VARIANT, less, { boxes: [sure, near], undecided: [] })).toBe(1);
    expect(wrongBoxes(VARIANT, less, { boxes: [sure, near], undecided: [near] })).toBe(0);
    const moved: BoxRow = [0, 0.9, 10.1, 8, 8, 4];
    expect(wrongBoxes(VARIANT, less, { boxes: [moved], undecided: [] })).toBe(2);
    const other: BoxRow = [1, 0.9, 10, 8, 8, 4];
    expect(wrongBoxes(VARIANT, less, { boxes: [other], undecided: [] })).toBe(2);
    expect(wrongBoxes(VARIANT, less.fill(NaN, 9, 10).slice(), { boxes: [sure], undecided: [] })).toBe(1);
    expect(wrongBoxes(VARIANT, less.subarray(6), { boxes: [], undecided: [] })).toBe(1);
  });

  test("each box has a dark rim below its line and words that do not leave the film, the surest above all", () => {
    const done: string[] = [];
    const spots: number[][] = [];
    const context = {
      strokeStyle: "",
      fillStyle: "",
      lineWidth: 0,
      measureText: () => ({ width: 200 }),
      strokeRect: () => done.push(`${context.strokeStyle} ${context.lineWidth}`),
      strokeText: () => done.push("rim of words"),
      fillText: (text: string, x: number, y: number) => {
        done.push(`${text} ${context.fillStyle}`);
        spots.push([x, y]);
      },
    };
    const canvas = { width: 0, height: 0, getContext: () => context } as unknown as HTMLCanvasElement;
    const boxes = [
      { label: 0, score: 0.9, left: 160, top: 100, width: 30, height: 20 },
      { label: 1, score: 0.5, left: 10, top: 2, width: 30, height: 20 },
    ];
    paintBoxes(canvas, { width: 200, height: 150, boxes }, (label, score) => `${label} ${score}`);
    expect([canvas.width, canvas.height]).toEqual([800, 600]); // four times, so that letters are sharp
    const colour = `rgb(${COLOURS[0].join(", ")})`;
    expect(colourOf(0)).toBe(colour);
    expect(done.slice(4)).toEqual([
      "rgba(0, 0, 0, 0.67) 9",
      `${colour} 5`,
      "rim of words",
      `0 0.9 ${colour}`,
    ]);
    const [low, high] = spots;
    expect(low[1]).toBeGreaterThan(88); // below the box, as the film ends above it
    expect(high[0]).toBeLessThan(640);
    expect(high[0] + 200).toBeLessThanOrEqual(800);
    expect(high[1]).toBeLessThan(400);
  });
});
