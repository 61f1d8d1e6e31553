/** Model files as disks, networks and people damage them, with and without the digest that the page was told. */

import { createHash } from "node:crypto";

import { numbers } from "../mutants";

/** A model in place of the sound one. */
export interface HostileModel {
  readonly name: string;
  readonly model: Uint8Array;
  /** The digest that the page is told, so that the runtime gets the file; empty where the page finds out by itself. */
  readonly claimed: string;
}

const KINDS: Record<string, (sound: Uint8Array, next: () => number) => Uint8Array> = {
  "cut short": (sound, next) => sound.slice(0, Math.floor(next() * sound.length)),
  "flipped bits": (sound, next) => changed(sound, next, 8, (byte) => byte ^ (1 << Math.floor(next() * 8))),
  "flipped bits in the head": (sound, next) => changed(sound, next, 8, (byte) => byte ^ 0x40, 400),
  "another mark": (sound) => replaced(sound, 4, new TextEncoder().encode("TFL9")),
  rubbish: (sound, next) => sound.map(() => next() * 256),
  "huge tensors": (sound) => claims(sound, 2 ** 24),
  "tensors of a size below nothing": (sound) => claims(sound, -1),
  "no bytes": () => new Uint8Array(),
  "a page of a portal": () => new TextEncoder().encode("<!doctype html><title>Log in</title>"),
};

/** Yield the sound model, then hostile ones, each kind in turn, first told with their own digest, then with the sound one's. */
export function* hostileModels(sound: Uint8Array, count: number, seed: number): Generator<HostileModel> {
  const next = numbers(seed);
  const kinds = Object.entries(KINDS);
  const digest = (model: Uint8Array) => createHash("sha256").update(model).digest("hex");
  yield { name: "unharmed", model: sound, claimed: digest(sound) };
  for (let n = 0; n < count; n++) {
    const [name, damage] = kinds[n % kinds.length];
    const model = damage(sound, next);
    const own = Math.floor(n / kinds.length) % 2 === 0;
    const claimed = own ? digest(model) : "";
    yield { name: `${n} ${name}${own ? " with its digest" : ""}`, model, claimed };
  }
}

function changed(
  sound: Uint8Array,
  next: () => number,
  times: number,
  change: (byte: number) => number,
  below = sound.length,
): Uint8Array {
  const model = sound.slice();
  for (let n = 0; n < times; n++) {
    const place = Math.floor(next() * Math.min(below, model.length));
    model[place] = change(model[place]);
  }
  return model;
}

function replaced(sound: Uint8Array, place: number, bytes: Uint8Array): Uint8Array {
  const model = sound.slice();
  model.set(bytes, place);
  return model;
}

/** Write a side into every shape (1, s, s, n) that a file holds. */
function claims(sound: Uint8Array, side: number): Uint8Array {
  const model = sound.slice();
  const view = new DataView(model.buffer);
  for (let place = 0; place + 16 <= model.length; place += 4) {
    const [count, high, wide] = [0, 4, 8].map((n) => view.getInt32(place + n, true));
    if (count !== 1 || high !== wide || high < 2 || high > 1024) continue;
    view.setInt32(place + 4, side, true);
    view.setInt32(place + 8, side, true);
  }
  return model;
}
