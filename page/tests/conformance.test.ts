/** The same reader: every film of a bundle's vectors, step by step, as the desk reads it. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { placement, type Preparation } from "../source/films/prepare";
import { type Box, boxesOf, onFilm } from "../source/model/boxes";
import { outlineOf } from "../source/model/outline";
import type { Variant } from "../source/model/variant";
import { kept, type Numbers, readVectors, steps } from "./vectors";

const FOLDERS = (process.env.RADLIB_BUNDLES ?? "")
  .split(":")
  .filter((folder) => folder && existsSync(folder));
const OF_ANSWERS = new Set(["outputs", "outline", "undecided", "boxes", "film_boxes"]); // what follows from the network's answer
const UNITS: Record<string, number> = { scaled: 255, grey: 255, resized: 255, square: 255, tensor: 255 };

describe.skipIf(FOLDERS.length === 0)("conformance (needs RADLIB_BUNDLES, exported bundles)", () => {
  for (const folder of FOLDERS) {
    const bundle = JSON.parse(readFileSync(join(folder, "specification.json"), "utf8"));
    const preparation: Preparation = bundle.preparation;
    for (const vector of readVectors(join(folder, "conformance")))
      test(`${folder.split("/").pop()} ${vector.name}`, async () => {
        const file = new Uint8Array(readFileSync(join(folder, "conformance", vector.file)));
        const wanted = new Set(vector.steps.map(({ step }) => step));
        if (vector.reason) {
          const error = await steps(file, preparation, wanted).catch((thrown: unknown) => thrown);
          return expect(error).toMatchObject({ reason: vector.reason });
        }
        const found = await steps(file, preparation, wanted);
        for (const step of vector.steps) {
          if (OF_ANSWERS.has(step.step)) continue;
          if (step.step === "tensor" && step.dtype !== "float32") continue; // what the runtime makes of grey
          const here = found.get(step.step);
          expect(here, step.step).toBeDefined();
          const there = kept(join(folder, "conformance"), step);
          expect(here?.length, step.step).toBe(there.length);
          const unit = UNITS[step.step] ?? (step.step in { modality: 0, voi: 0 } ? 1 / range(there) : 1);
          const difference = largest(here as Numbers, there) * unit;
          const allowed = vector.kind === "jpeg" || step.step === "levels" ? 1 : 1e-3;
          if (process.env.RADLIB_TABLE) console.log([vector.name, step.step, difference].join("\t"));
          expect(difference, step.step).toBeLessThanOrEqual(allowed);
        }
      });
  }
});

/** Return what a bundle says of its reader. */
function saidOf(folder: string): {
  preparation: Preparation;
  decision: {
    task: string;
    labels: string[];
    outputs: string[];
    least: number;
    stride: number;
    most: number;
  };
} {
  return JSON.parse(readFileSync(join(folder, "specification.json"), "utf8"));
}

const OUTLINED = FOLDERS.filter((folder) => saidOf(folder).decision.task === "outlines");

describe.skipIf(OUTLINED.length === 0)("outlines (needs RADLIB_BUNDLES, bundles that outline)", () => {
  for (const folder of OUTLINED) {
    const { preparation, decision } = saidOf(folder);
    const place = join(folder, "conformance");
    for (const { name, steps } of readVectors(place)) {
      const by = Object.fromEntries(steps.map((step) => [step.step, step]));
      if (!by.outputs) continue;
      test(`${folder.split("/").pop()} ${name}: the desk's numbers become the desk's pixels`, () => {
        const [height, width, labels] = by.outline.shape;
        const variant = { labels: decision.labels, least: decision.least, preparation } as Variant;
        const there = placement(height, width, preparation);
        const numbers = kept(place, by.outputs) as Float32Array;
        const { masks } = outlineOf(variant, numbers, there, width, height);
        const [drawn, undecided] = [kept(place, by.outline), kept(place, by.undecided)];
        const wrong = drawn.filter((value, n) => {
          const here = masks[n % labels][Math.floor(n / labels)];
          return here !== value && !undecided[n];
        });
        expect(wrong.length).toBe(0);
      });
    }
  }
});

const BOXED = FOLDERS.filter((folder) => saidOf(folder).decision.task === "boxes");

describe.skipIf(BOXED.length === 0)("boxes (needs RADLIB_BUNDLES, bundles that find boxes)", () => {
  for (const folder of BOXED) {
    const { preparation, decision } = saidOf(folder);
    const place = join(folder, "conformance");
    for (const { name, steps } of readVectors(place)) {
      const by = Object.fromEntries(steps.map((step) => [step.step, step]));
      if (!by.outputs) continue;
      test(`${folder.split("/").pop()} ${name}: the desk's numbers become the desk's boxes`, () => {
        const { labels, outputs } = decision;
        const variant = { labels, outputs, centres: decision, preparation } as unknown as Variant;
        const [height, width] = by.grey.shape;
        const there = placement(height, width, preparation);
        const found = boxesOf(variant, kept(place, by.outputs) as Float32Array);
        const onIt = found.map((box) => onFilm(box, there, width, height));
        for (const [step, here] of [["boxes", found] as const, ["film_boxes", onIt] as const]) {
          const wanted = kept(place, by[step]);
          const numbers = here.flatMap(rowOf);
          expect(numbers.length, step).toBe(wanted.length);
          expect(largest(Float64Array.from(numbers), wanted), step).toBeLessThanOrEqual(1e-6);
        }
      });
    }
  }
});

/** Return a box as the vectors have it. */
function rowOf({ label, score, left, top, width, height }: Box): number[] {
  return [label, score, left, top, width, height];
}

function largest(here: Numbers, there: Numbers): number {
  let found = 0;
  for (let n = 0; n < there.length; n++) found = Math.max(found, Math.abs(here[n] - there[n]));
  return found;
}

function range(values: Numbers): number {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return high - low || 1;
}
