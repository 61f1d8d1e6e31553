/** Decisions, tables and 1,000 patients: what is said follows from numbers as on the desk. */

import { describe, expect, test } from "vitest";

import { decide } from "../source/decision/deciding";
import { illInTest, thousand } from "../source/decision/patients";
import { cell, csvOf } from "../source/decision/table";
import { lungGrey, occlusion, startsOf } from "../source/model/occlusion";
import { brightnessAndContrast, distance, isUnlike, unlike } from "../source/model/typical";
import type { Typical, Variant, Verdict } from "../source/model/variant";
import { isNarrow } from "../source/films/narrow_range";

const VARIANT = {
  task: "binary",
  outputs: ["no_opacity", "opacity"],
  labels: ["opacity"],
  negatives: ["no_opacity"],
  thresholds: [0.7],
  rounding: 1e-4,
} as unknown as Variant;
const FINDINGS = {
  ...VARIANT,
  task: "findings",
  labels: ["a", "b"],
  negatives: ["no a", "no b"],
  thresholds: [0.5, null],
};
const CLASSES = { ...VARIANT, task: "classes", labels: ["a", "b"], thresholds: [] };

describe("decisions", () => {
  test("a threshold that was typed is compared in full, not as float32", () => {
    expect(Math.fround(0.7) >= 0.7).toBe(false);
    expect(decide(VARIANT, Float32Array.of(0.3, 0.7)).said[0].positive).toBe(false);
    expect(decide(VARIANT, Float32Array.of(0.2, 0.8)).said[0].decision).toBe("opacity");
  });

  test("what is no probability, and what has no threshold, is no decision", () => {
    expect(decide(VARIANT, Float32Array.of(NaN, 0.9)).said[0]).toMatchObject({
      positive: null,
      reason: "no_number",
    });
    expect(decide(VARIANT, Float32Array.of(-0.1, 1.1)).said[0].reason).toBe("outside");
    const said = decide(FINDINGS as Variant, Float32Array.of(0.6, 0.6)).said;
    expect(said.map(({ decision, reason }) => [decision, reason])).toEqual([
      ["a", null],
      ["", "no_threshold"],
    ]);
  });

  test("of classes that exclude each other the most probable is chosen, the first of equal ones", () => {
    expect(decide(CLASSES as Variant, Float32Array.of(0.4, 0.6)).chosen).toBe("b");
    expect(decide(CLASSES as Variant, Float32Array.of(0.5, 0.5)).chosen).toBe("a");
    expect(decide(CLASSES as Variant, Float32Array.of(NaN, 0.5)).chosen).toBe(null);
  });

  test("a table has the desk's columns, and no cell that a spreadsheet would run", () => {
    const decision = decide(VARIANT, Float32Array.of(0.25, 0.75));
    const table = csvOf(VARIANT, [
      { file: '=cmd|"x"', imageId: "ab", decision, reason: "", warning: "one, two" },
      { file: "b.png", imageId: "", decision: null, reason: "damaged", warning: "" },
    ]);
    const [head, first, second] = table.split("\r\n");
    expect(head).toBe("file,image_id,opacity_probability,opacity_decision,opacity_threshold,reason,warning");
    expect(first).toBe(`"'=cmd|""x""",ab,0.75,opacity,0.7,,"one, two"`);
    expect(second).toBe("b.png,,,,0.7,damaged,");
    expect(cell("-0.5")).toBe("-0.5");
  });

  test("1,000 patients are divided as the test found, and nobody is lost", () => {
    const verdict = { films: 400, positives: 100, sensitivity: 0.9, specificity: 0.8 } as Verdict;
    const found = thousand({ ...verdict, sensitivity_low: 0.8, sensitivity_high: 0.95 } as Verdict, 100);
    expect(found).toMatchObject({
      found: 90,
      missed: 10,
      missedLow: 5,
      missedHigh: 20,
      healthy: 900,
      mistaken: 180,
    });
    expect(illInTest(verdict)).toBe(250);
    expect(thousand(null, 100)).toBe(null);
  });
});

describe("films unlike those of the training", () => {
  const typical: Typical = {
    middle: [0.5, 0.2],
    spread: [0.05, 0.02],
    limits: [3, null, 2],
    mean: [0, 0, 0],
    directions: [[1, 0, 0]],
    variances: [4],
    rest: 1,
  };

  test("brightness, embedding and few grey levels are told apart", () => {
    const even = Uint8Array.from({ length: 256 }, (_, n) => n);
    expect(brightnessAndContrast(even)[0]).toBeCloseTo(0.5, 2);
    expect(isUnlike(unlike(typical, even, Float32Array.of(0, 0, 0)))).toBe(false);
    const dark = new Uint8Array(256).fill(10);
    expect(unlike(typical, dark, null)).toMatchObject({ contrast: null, embedding: null, narrow: true });
    expect(unlike(typical, dark, null).brightness?.low).toBeCloseTo(0.35);
    expect(distance(typical, Float32Array.of(2, 1, 0))).toBeCloseTo(Math.sqrt((4 / 4 + 1) / 3));
    expect(unlike(typical, even, Float32Array.of(0, 9, 0)).embedding).toBeCloseTo(Math.sqrt(27) / 2);
    expect(isNarrow(even)).toBe(false);
  });
});

describe("where a network looks", () => {
  test("a network that adds up a corner is seen to look there, and the square is as dark as lung", async () => {
    const size = 20;
    const film = Float32Array.from({ length: size * size }, (_, n) =>
      n % size < 5 && n < 5 * size ? 0.9 : 0.3,
    );
    const ask = async (seen: Float32Array) => {
      let sum = 0;
      for (let row = 0; row < 5; row++)
        for (let column = 0; column < 5; column++) sum += seen[row * size + column];
      return sum / 25;
    };
    const map = await occlusion(ask, film, size);
    expect(map[0]).toBeGreaterThan(0);
    expect(map[size * size - 1]).toBe(0);
    expect(lungGrey(film)).toBeCloseTo(0.3);
    expect(startsOf(10, 4, 3)).toEqual([0, 3, 6]);
    expect(startsOf(10, 4, 4)).toEqual([0, 4, 6]);
  });
});
