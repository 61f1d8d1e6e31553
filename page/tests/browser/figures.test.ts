/** How fast the page is and how much it weighs, measured; written to RADLIB_FIGURES, a JSON file, and nowhere else. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, resolve } from "node:path";

import type { Page } from "playwright-core";
import { afterAll, describe, expect, test } from "vitest";

import { isPacked } from "../../source/dicom/files";
import { photometricOf, shown } from "../../source/dicom/grey_scale";
import { openHeader } from "../../source/dicom/header";
import { storedValues } from "../../source/dicom/pixels";
import { prepare } from "../../source/films/prepare";
import { codecs } from "../vectors";
import { ADDRESS, allRead, BUNDLES, film, read, ready, startBrowser, startProxy, WITHOUT } from "./browser";
import { renderers, slowPage, slowWorkers, text, watch } from "./slowed";

const TO = process.env.RADLIB_FIGURES ?? "";
const RATE = 4; // how much slower than this machine
const ROUNDS = Number(process.env.RADLIB_FIGURES_ROUNDS ?? 3);
const FILMS = (process.env.RADLIB_FIGURES_FILMS ?? "").split(":").filter(Boolean);
const PAGES = { now: ADDRESS, before: process.env.RADLIB_PAGE_BEFORE ?? "" }; // another build, measured in turns

const figures: Record<string, unknown> = { rate: RATE };
const times: Record<string, number[]> = {};
const note = (name: string, ms: number) => (times[name] ??= []).push(Math.round(ms));

async function timed(page: Page, name: string, path: string): Promise<void> {
  await page.setInputFiles("input[type=file] >> nth=0", path);
  await page.waitForFunction(() => (window as unknown as { seen: number }).seen > 0, null, {
    timeout: 90_000,
  });
  const noted = await page.evaluate(() => {
    const { answered, seen } = window as unknown as Record<string, number>;
    return { answered, seen };
  });
  note(`${name} answered`, noted.answered);
  note(`${name} seen`, noted.seen);
}

async function map(page: Page, name: string): Promise<void> {
  const begun = performance.now();
  await page.getByRole("button", { name: "Show where it looked" }).click();
  await page.getByRole("button", { name: "Hide where it looked" }).waitFor();
  note(`${name} map`, performance.now() - begun);
}

describe.skipIf(WITHOUT || !TO)("figures (needs RADLIB_FIGURES)", () => {
  const films = FILMS.length ? FILMS : BUNDLES.length ? [film("dicom_12_bits_window.dcm")] : [];
  afterAll(() => {
    Object.assign(figures, { times, load: Number(text("/proc/loadavg").split(" ")[0]) });
    writeFileSync(TO, `${JSON.stringify(figures, null, 1)}\n`);
  });

  test(
    "first film, later films and map on a processor as slow as a phone's",
    { timeout: 590_000 },
    async () => {
      const browser = await startBrowser();
      const end = slowWorkers(RATE);
      figures.worker_slowed = end !== null;
      for (let round = 0; round < ROUNDS; round++)
        for (const [n, path] of films.entries())
          for (const [build, address] of Object.entries(PAGES).filter(([, place]) => place)) {
            const context = await browser.newContext({ locale: "en-GB" });
            const page = await context.newPage();
            await slowPage(page, RATE);
            const begun = performance.now();
            await page.goto(address);
            await ready(page);
            if (n === 0) note(`${build} open`, performance.now() - begun);
            await page.waitForFunction(() => document.documentElement.dataset.kept === "yes");
            await watch(page);
            const name = `${build} ${basename(path)}`;
            await timed(page, `${name} first`, path);
            for (let k = 0; k < 3; k++) await timed(page, `${name} later`, path);
            if (n === 0) await map(page, build);
            await context.close();
          }
      end?.();
      console.log(JSON.stringify(times));
    },
  );

  test("where a later film's time goes, by step, unslowed", { timeout: 120_000 }, async () => {
    const steps: Record<string, Record<string, number>> = {};
    const preparation = JSON.parse(
      readFileSync(resolve(BUNDLES[0], "specification.json"), "utf8"),
    ).preparation;
    for (const path of films.filter((each) => each.endsWith(".dcm")))
      for (let round = 0; round < 5; round++) {
        const found: Record<string, number> = {};
        const spent = async <T>(name: string, act: () => T | Promise<T>): Promise<T> => {
          const before = process.cpuUsage();
          const result = await act();
          const { user, system } = process.cpuUsage(before);
          found[name] = Math.round((user + system) / 1000);
          return result;
        };
        const header = await spent("header", () => openHeader(new Uint8Array(readFileSync(path))));
        const photometric = photometricOf(header);
        const stored = await spent("decoding", () => storedValues(header, photometric, codecs));
        const how = { photometric, packed: isPacked(header), window: preparation.window ?? 0 };
        const grey = await spent("grey levels", () => shown(stored, header, how));
        await spent("preparation", () => prepare(grey, preparation));
        steps[basename(path)] = found; // the last round: warm, as a later film is
      }
    figures.steps_processor_ms = steps;
  });

  test("weight, and memory over 100 films", { timeout: 590_000 }, async () => {
    const proxy = await startProxy();
    const proxied = await startBrowser(proxy);
    const page = await (await proxied.newContext({ locale: "en-GB" })).newPage();
    await page.goto(ADDRESS);
    await ready(page);
    figures.page_and_runtime_gzip_bytes = proxy.bytes;
    const folder = resolve(BUNDLES[0], "conformance/films");
    const drawn = readdirSync(folder).map((name) => resolve(folder, name));
    const hundred = Array.from({ length: 100 }, (_, n) => (n % 10 ? drawn[n % drawn.length] : films[0]));
    const memory = () => Math.round(renderers().reduce((sum, id) => sum + residentMb(id), 0));
    await read(page, hundred.slice(0, 20));
    figures.memory_after_20_films_mb = memory();
    await page.setInputFiles("input[type=file] >> nth=0", hundred.slice(20));
    await page.waitForTimeout(500);
    await allRead(page, 400);
    figures.memory_after_100_films_mb = memory();
    expect(proxy.bytes).toBeGreaterThan(0);
    expect(figures.page_and_runtime_gzip_bytes).toBeLessThan(4_000_000);
    await proxied.close();
    proxy.close();
  });
});

function residentMb(id: string): number {
  return Number(text(`/proc/${id}/stat`).split(") ")[1]?.split(" ")[21] ?? 0) * 4096 * 1e-6;
}
