/** The worker: reads films and asks models, so that a film that hangs a decoder hangs nothing else. */

import { decide } from "../decision/deciding";
import { type Codecs, openCodecs } from "../dicom/codecs";
import type { Grey } from "../films/grey";
import { placement, prepare } from "../films/prepare";
import { readFilm } from "../films/read_film";
import { MAX_FILE_BYTES, UnreadableFilm } from "../films/reasons";
import { resampled } from "../films/resampling";
import { sha256 } from "../model/digest";
import { COARSE, FINE, occlusion } from "../model/occlusion";
import { boxesOf, onFilm } from "../model/boxes";
import { outlineOf } from "../model/outline";
import { apartFromDesk, openPredictor, type Predictor, startRuntime } from "../model/predictor";
import { unlike } from "../model/typical";
import { checked, readVariants } from "../model/variant";
import type { Answer, Look, Numbered, Reply, Request, Sent } from "./messages";

const CODECS = ["libjpegturbowasm_decode.wasm", "charlswasm_decode.wasm", "openjpegwasm_decode.wasm"];
const LONGEST_SIDE = 1600; // of a film for the eye, pixels
const MAP_SECONDS = 2.5; // what a map may take before it is asked for more coarsely
const FINE_READINGS = 324;

let base = "";
let codecs: Codecs;
const predictors = new Map<string, Predictor>();
let last: { id: number; window: number; grey: Grey } | null = null; // one film, so that it is decoded once to be looked at

const scope = self as unknown as DedicatedWorkerGlobalScope;
scope.onmessage = ({ data }: MessageEvent<Numbered<Request>>) => void answer(data);

async function answer(request: Numbered<Request>): Promise<void> {
  const reply = await replyTo(request).catch(failure);
  scope.postMessage({ ...reply, number: request.number }, handedOver(reply));
  if (reply.kind === "opened") await codecs.warm().catch(() => undefined); // while somebody looks for a film
}

/** Return what goes to the page without being copied. */
function handedOver(reply: Reply): Transferable[] {
  if (reply.kind === "look") return [reply.look.levels.buffer];
  if (reply.kind === "outline") return reply.outline.masks.map((mask) => mask.buffer);
  return reply.kind === "map" ? [reply.map.values.buffer] : [];
}

function failure(error: unknown): Reply {
  if (error instanceof UnreadableFilm) return { kind: "unreadable", reason: error.reason };
  return { kind: "failed", what: error instanceof Error ? error.message : String(error) };
}

async function replyTo(request: Request): Promise<Reply> {
  switch (request.kind) {
    case "open":
      return open(request.base, request.keys);
    case "read":
      return read(request.film, request.keys);
    case "look":
      return { kind: "look", look: look(await filmOf(request.film, request.key)) };
    case "outline":
      return outline(request.film, request.key);
    case "boxes":
      return boxes(request.film, request.key);
    case "map":
      return map(request.film, request.key, request.label);
  }
}

/** Open the decoders and some variants, and hold their answers to drawn films against the desk's. */
async function open(address: string, keys: string[]): Promise<Reply> {
  base = address;
  const binaries = new Map(CODECS.map((name) => [name, fetched(`${base}runtime/${name}`)]));
  codecs = openCodecs((name) => binaries.get(name) ?? Promise.reject(new Error(name)));
  await startRuntime(base);
  const apart: Record<string, number> = {};
  for (const placed of await readVariants(base)) {
    if (!keys.includes(placed.key) || predictors.has(placed.key)) continue;
    const predictor = await openPredictor(base, placed);
    predictors.set(placed.key, predictor);
    apart[placed.key] = await apartFromDesk(base, predictor);
  }
  await Promise.all(binaries.values()); // nothing is fetched later
  return { kind: "opened", apart };
}

async function fetched(address: string): Promise<ArrayBuffer> {
  return (await checked(address)).arrayBuffer();
}

function opened(key: string): Predictor {
  const predictor = predictors.get(key);
  if (!predictor) throw new Error(`${key} is not open`);
  return predictor;
}

async function bytesOf(film: Blob): Promise<Uint8Array> {
  if (film.size > MAX_FILE_BYTES) throw new UnreadableFilm("too_large");
  try {
    return new Uint8Array(await film.arrayBuffer());
  } catch {
    throw new UnreadableFilm("not_a_file"); // gone since it was chosen, or a folder
  }
}

/** Return a film's grey levels as a variant looks through its windows. */
async function filmOf({ id, blob }: Sent, key: string, bytes?: Uint8Array): Promise<Grey> {
  const window = opened(key).placed.variant.preparation.window ?? 0;
  if (last?.id === id && last.window === window) return last.grey;
  last = null; // room for the next one
  const grey = await readFilm(bytes ?? (await bytesOf(blob)), codecs, window);
  last = { id, window, grey };
  return grey;
}

async function read(film: Sent, keys: string[]): Promise<Reply> {
  const bytes = await bytesOf(film.blob);
  const imageId = digest(bytes); // beside the decoding
  const answers: Answer[] = [];
  for (const key of keys) {
    const predictor = opened(key);
    const { preparation, typical } = predictor.placed.variant;
    const grey = await filmOf(film, key, bytes);
    const square = prepare(grey, preparation);
    const { outputs, embedding } = await predictor.predict(square);
    answers.push({
      key,
      decision: decide(predictor.placed.variant, outputs),
      unlike: unlike(typical, square, embedding),
      place: placement(grey.height, grey.width, preparation),
    });
  }
  return { kind: "answers", imageId: await imageId, answers };
}

/** Return the first 12 hex digits of a file's sha256: stable, and says nothing about a patient. */
async function digest(bytes: Uint8Array): Promise<string> {
  return (await sha256(bytes.buffer as ArrayBuffer)).slice(0, 12);
}

function look(film: Grey): Look {
  const [width, height] = shownSize(film);
  const { values } = resampled(film, width, height, "bilinear");
  const levels = new Uint16Array(values.length);
  for (let n = 0; n < levels.length; n++) levels[n] = Math.round(values[n] * 65535);
  return { width, height, levels, stored: { width: film.width, height: film.height } };
}

/** Return at which width and height a film is looked at. */
function shownSize(film: Grey): [number, number] {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(film.width, film.height));
  const shown = (side: number) => Math.max(1, Math.round(side * scale));
  return [shown(film.width), shown(film.height)];
}

/** Return what a variant outlines in a film, at the size that it is looked at. */
async function outline(film: Sent, key: string): Promise<Reply> {
  const { variant, outputs, place, shown } = await asked(film, key);
  return { kind: "outline", outline: outlineOf(variant, outputs, place, ...shown) };
}

/** Return the boxes that a variant finds in a film, at the size that it is looked at. */
async function boxes(film: Sent, key: string): Promise<Reply> {
  const { variant, outputs, place, shown } = await asked(film, key);
  const [width, height] = shown;
  const drawn = boxesOf(variant, outputs).map((box) => onFilm(box, place, width, height));
  return { kind: "boxes", found: { width, height, boxes: drawn } };
}

/** Ask a variant about a film anew, and return where the film lies on its square and at which size it is looked at. */
async function asked(film: Sent, key: string) {
  const predictor = opened(key);
  const { variant } = predictor.placed;
  const grey = await filmOf(film, key);
  const { outputs } = await predictor.predict(prepare(grey, variant.preparation));
  const place = placement(grey.height, grey.width, variant.preparation);
  return { variant, outputs, place, shown: shownSize(grey) };
}

async function map(film: Sent, key: string, label: number): Promise<Reply> {
  const predictor = opened(key);
  const { preparation, task } = predictor.placed.variant;
  const grey = await filmOf(film, key);
  const levels = Float32Array.from(prepare(grey, preparation), (level) => level / 255);
  const watched = task === "binary" ? label + 1 : label;
  const ask = async (covered: Float32Array) => (await predictor.predict(covered)).outputs[watched];
  const begun = performance.now();
  await ask(levels);
  const seconds = (performance.now() - begun) / 1000;
  const stride = seconds * FINE_READINGS > MAP_SECONDS ? COARSE : FINE;
  const size = preparation.image_size;
  const values = await occlusion(ask, levels, size, stride);
  return { kind: "map", map: { size, values, place: placement(grey.height, grey.width, preparation) } };
}
