/** A variant's model in the browser's LiteRT: a prepared film in, outputs and embedding out. */

import { type CompiledModel, loadAndCompile, loadLiteRt, Tensor } from "@litertjs/core";

import { wrongBoxes } from "./boxes";
import { sha256 } from "./digest";
import { wrongPixels } from "./outline";
import { checked, type Placed } from "./variant";

const FOLDER = "runtime/";
// The build without relaxed instructions: they round as the processor pleases, and answers are to be the same everywhere.
const RUNTIME = "litert_wasm_compat_internal.js";

/** What a model gives for a film. */
export interface Outputs {
  readonly outputs: Float32Array;
  readonly embedding: Float32Array | null;
}

export interface Predictor {
  readonly placed: Placed;
  /** Ask the model about a film of grey levels, `image_size` squared; float32 in [0, 1] for covered ones. */
  predict(film: Uint8Array | Float32Array): Promise<Outputs>;
}

let started: Promise<unknown> | null = null;

/** Start the runtime, once. */
export function startRuntime(base: string): Promise<unknown> {
  if (!started) {
    // A runtime that a worker loads looks for its WebAssembly beside the worker, and it does not lie there.
    const silent = () => undefined;
    const locateFile = (name: string) => `${base}${FOLDER}${name}`;
    Object.assign(self, { Module: { locateFile, print: silent, printErr: silent } });
    started = loadLiteRt(`${base}${FOLDER}${RUNTIME}`);
  }
  return started;
}

/** Open a variant's model. */
export async function openPredictor(base: string, placed: Placed): Promise<Predictor> {
  const fetched = checked(`${base}variants/${placed.key}/model.tflite`).then((found) => found.arrayBuffer());
  const [bytes] = await Promise.all([fetched, startRuntime(base)]);
  if ((await sha256(bytes)) !== placed.variant.runs_sha256) throw new Error("the model file is another one");
  const model = await loadAndCompile(new Uint8Array(bytes), { accelerator: "wasm" });
  return { placed, predict: (film) => ask(model, film, placed) };
}

async function ask(model: CompiledModel, film: Uint8Array | Float32Array, placed: Placed): Promise<Outputs> {
  const size = placed.variant.preparation.image_size;
  const levels = film instanceof Float32Array ? film : Float32Array.from(film, (level) => level / 255);
  const input = new Tensor(levels, [1, size, size, 1]);
  const tensors = await model.run(input);
  try {
    const [outputs, embedding] = tensors.map((tensor) => Float32Array.from(tensor.toTypedArray()));
    return { outputs, embedding: placed.variant.embedding ? embedding : null };
  } finally {
    input.delete();
    for (const tensor of tensors) tensor.delete();
  }
}

/** Return by how much a model's answers to the drawn films lie apart from the desk's, at most; of outlines in pixels, of boxes counted. */
export async function apartFromDesk(base: string, predictor: Predictor): Promise<number> {
  const { key, variant } = predictor.placed;
  const films = await (await checked(`${base}variants/${key}/golden.bin`)).arrayBuffer();
  const size = variant.preparation.image_size ** 2;
  if (variant.task === "outlines") return pixelsApart(base, predictor, films, size);
  if (variant.task === "boxes") return boxesApart(predictor, films, size);
  let apart = 0;
  for (const [n, expected] of variant.golden.entries()) {
    const { outputs } = await predictor.predict(new Uint8Array(films, n * size, size));
    expected.forEach((value, place) => {
      const difference = Math.abs(outputs[place] - value);
      apart = difference <= apart ? apart : difference; // what is no number stays
    });
  }
  return apart;
}

async function boxesApart(predictor: Predictor, films: ArrayBuffer, size: number): Promise<number> {
  const { variant } = predictor.placed;
  let apart = 0;
  for (const [n, expected] of variant.centres.films.entries()) {
    const { outputs } = await predictor.predict(new Uint8Array(films, n * size, size));
    apart += wrongBoxes(variant, outputs, expected);
  }
  return apart;
}

async function pixelsApart(
  base: string,
  predictor: Predictor,
  films: ArrayBuffer,
  size: number,
): Promise<number> {
  const { key, variant } = predictor.placed;
  const masks = await (await checked(`${base}variants/${key}/masks.bin`)).arrayBuffer();
  const each = size * variant.labels.length;
  let apart = 0;
  for (let n = 0; n < films.byteLength / size; n++) {
    const { outputs } = await predictor.predict(new Uint8Array(films, n * size, size));
    apart += wrongPixels(variant, outputs, new Uint8Array(masks, n * each, each));
  }
  return apart;
}
