/** The same reader: every film of a bundle's vectors, step by step, as the desk reads it. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import type { Preparation } from "../source/films/prepare";
import { kept, type Numbers, readVectors, steps } from "./vectors";

const FOLDERS = (process.env.RADLIB_BUNDLES ?? "")
  .split(":")
  .filter((folder) => folder && existsSync(folder));
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
