/** Damaged films: whatever somebody's file holds, there is a film or one of the closed list of reasons, and in time. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { readFilm } from "../source/films/read_film";
import { REASONS, UnreadableFilm } from "../source/films/reasons";
import { mutants, numbers } from "./mutants";
import { codecs } from "./vectors";

const FOLDER = join((process.env.RADLIB_BUNDLES ?? "").split(":")[0], "conformance/films");
const COUNT = Number(process.env.RADLIB_MUTANTS ?? 600);
const SECONDS = 10; // a small film takes some milliseconds; a machine may be busy

describe.skipIf(!existsSync(FOLDER))("damaged films (needs RADLIB_BUNDLES)", () => {
  test("mutants are read or refused with a reason, each in time", async () => {
    const films = readdirSync(FOLDER).map((name) => new Uint8Array(readFileSync(join(FOLDER, name))));
    const counts: Record<string, number> = { read: 0 };
    let slowest = 0;
    for (const mutant of mutants(films, COUNT, 7)) {
      const begun = performance.now();
      const outcome = await readFilm(mutant, codecs).then(
        ({ values }) => (values.every((value) => value >= 0 && value <= 1) ? "read" : "not grey"),
        (error: unknown) => (error instanceof UnreadableFilm ? error.reason : String(error)),
      );
      slowest = Math.max(slowest, performance.now() - begun);
      counts[outcome] = (counts[outcome] ?? 0) + 1;
    }
    console.log(`${COUNT} mutants, slowest ${slowest.toFixed(0)} ms: ${JSON.stringify(counts)}`);
    expect(
      [...Object.keys(counts)].filter(
        (each) => each !== "read" && !(REASONS as readonly string[]).includes(each),
      ),
    ).toEqual([]);
    expect(slowest / 1000).toBeLessThan(SECONDS);
  }, 600_000);

  test("no bytes, rubbish and half a film have their reasons", async () => {
    const next = numbers(1);
    const rubbish = Uint8Array.from({ length: 5000 }, () => next() * 256);
    const png = new Uint8Array(readFileSync(join(FOLDER, "png_8_bits.png")));
    const reasons = await Promise.all(
      [new Uint8Array(), rubbish, png.subarray(0, png.length / 2)].map((file) =>
        readFilm(file, codecs).catch((error: UnreadableFilm) => error.reason),
      ),
    );
    expect(reasons).toEqual(["empty_file", "unknown_content", "damaged"]);
  });

  test("after a decoder has stumbled, the next film is read", async () => {
    const name = "dicom_jpeg_2000_12_bits_window.dcm";
    const film = new Uint8Array(readFileSync(join(FOLDER, name)));
    const broken = film.slice();
    broken.fill(0xff, broken.length - 1500, broken.length - 200);
    await readFilm(broken, codecs).catch(() => undefined);
    expect((await readFilm(film, codecs)).values.length).toBe(53 * 41);
  });
});
