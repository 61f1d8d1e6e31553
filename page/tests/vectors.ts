/** Conformance vectors of a bundle, and a film after each step here, by the steps' names in the specification. */

import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { openCodecs } from "../source/dicom/codecs";
import { chainOf } from "../source/dicom/grey_tables";
import { photometricOf, placeOf } from "../source/dicom/grey_scale";
import { openHeader } from "../source/dicom/header";
import { isPacked } from "../source/dicom/files";
import { storedValues } from "../source/dicom/pixels";
import { contentOf } from "../source/films/content";
import { readJpeg } from "../source/films/jpeg";
import { OPERATIONS } from "../source/films/operations";
import { greyOf } from "../source/films/pictures";
import { readPng } from "../source/films/png";
import { placement, type Preparation, quantised, squared } from "../source/films/prepare";
import { readFilm } from "../source/films/read_film";
import { resampled } from "../source/films/resampling";

const PACKAGES = resolve(import.meta.dirname, "../node_modules/@cornerstonejs");

export type Numbers = Float64Array | Float32Array | Uint8Array | Uint16Array | Int32Array | Int8Array;

export interface Step {
  readonly step: string;
  readonly file: string;
  readonly shape: number[];
  readonly dtype: keyof typeof KINDS;
}

export interface Vector {
  readonly name: string;
  readonly file: string;
  readonly kind: string;
  readonly steps: Step[];
  readonly outputs?: number[];
  readonly decisions?: Record<string, string>;
  /** By label: how many boxes there are. */
  readonly boxes?: Record<string, number>;
  /** Of the square, by label: how much is outlined, and how much (of boxes how many) a runtime that rounds otherwise may turn. */
  readonly shares?: Record<string, number>;
  readonly may_differ?: Record<string, number>;
  /** Why the desk does not read it. */
  readonly reason?: string;
}

const KINDS = {
  float64: Float64Array,
  float32: Float32Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  int32: Int32Array,
  int8: Int8Array,
} as const;

/** Decoders whose WebAssembly lies in the packages. */
export const codecs = openCodecs(async (name) => {
  const places = ["codec-charls", "codec-openjpeg", "codec-libjpeg-turbo-8bit"];
  const path = places.map((place) => join(PACKAGES, place, "dist", name)).find(existsSync);
  if (!path) throw new Error(`no package holds ${name}`);
  return new Uint8Array(readFileSync(path)).buffer;
});

/** Return the films of a bundle's `conformance` folder. */
export function readVectors(folder: string): Vector[] {
  return JSON.parse(readFileSync(join(folder, "vectors.json"), "utf8")).films;
}

/** Return the numbers that were kept of a step. */
export function kept(folder: string, step: Step): Numbers {
  const bytes = new Uint8Array(readFileSync(join(folder, step.file)));
  return new KINDS[step.dtype](bytes.buffer);
}

/** Return a film after each step here; those on the way to grey levels only where they are `wanted`. */
export async function steps(
  file: Uint8Array,
  preparation: Preparation,
  wanted: ReadonlySet<string>,
): Promise<Map<string, Numbers>> {
  const found = new Map<string, Numbers>();
  const window = preparation.window ?? 0;
  if (!wanted.has("stored")) found.clear();
  else if (contentOf(file) === "dicom") await dicomSteps(file, window, found);
  else await pictureSteps(file, found);
  const film = await readFilm(file, codecs, window);
  found.set("grey", film.values);
  const place = placement(film.height, film.width, preparation);
  found.set(
    "resized",
    resampled(film, place.width, place.height, preparation.resampling ?? "bilinear").values,
  );
  let square = squared(film, preparation);
  found.set("square", square.values);
  for (const name of preparation.operations) {
    square = OPERATIONS[name](square);
    found.set(name, square.values);
  }
  found.set("levels", quantised(square, preparation));
  found.set(
    "tensor",
    Float32Array.from(found.get("levels") ?? [], (level) => level / 255),
  );
  return found;
}

async function dicomSteps(file: Uint8Array, window: number, found: Map<string, Numbers>): Promise<void> {
  const header = openHeader(file);
  const photometric = photometricOf(header);
  const stored = await storedValues(header, photometric, codecs);
  found.set("stored", stored.values);
  const { bits, shift } = placeOf(stored, header, isPacked(header));
  const chain = chainOf(header, bits, { photometric, window });
  const looked = (table: Float64Array | Float32Array) =>
    Float64Array.from(stored.values, (value) => table[(value >> shift) & (2 ** bits - 1)]);
  found.set("values", looked(chain.levels));
  found.set("modality", looked(chain.modality));
  found.set("voi", looked(chain.voi));
  found.set("scaled", looked(chain.scaled));
}

async function pictureSteps(file: Uint8Array, found: Map<string, Numbers>): Promise<void> {
  const picture = contentOf(file) === "png" ? await readPng(file) : await readJpeg(file, codecs);
  const { values } = greyOf({ ...picture, highest: 1, values: picture.values });
  const whole = greyOf({ ...picture, highest: 65535 }).values;
  found.set(
    "stored",
    values.map((_, n) => Math.round(whole[n] * 65535)),
  );
}
