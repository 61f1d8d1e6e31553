/** How fast the page is and how much it weighs, measured; written to RADLIB_FIGURES, a JSON file, and nowhere else. */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";

import { describe, expect, test } from "vitest";

import { allRead, BUNDLES, film, read, ready, startBrowser, startProxy, WITHOUT } from "./browser";

const TO = process.env.RADLIB_FIGURES;
const FILM = process.env.RADLIB_FIGURES_FILM ?? ""; // a film as hospitals have them
const TICK_MS = 1000 / 100; // of Linux's count of processor time

/** Return the processor time that Chromium's renderers have had, ms, and the memory that they hold, MB. */
function renderers(): { processorMs: number; memoryMb: number } {
  const found = { processorMs: 0, memoryMb: 0 };
  for (const id of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const command = readFileSync(`/proc/${id}/cmdline`, "utf8");
      if (!command.includes("--type=renderer") || !command.includes("playwright")) continue;
      const stat = readFileSync(`/proc/${id}/stat`, "utf8").split(") ")[1].split(" ");
      found.processorMs += (Number(stat[11]) + Number(stat[12])) * TICK_MS;
      found.memoryMb += Number(stat[21]) * 4096 * 1e-6;
    } catch {
      continue; // ended meanwhile
    }
  }
  return found;
}

describe.skipIf(WITHOUT || !TO)("figures (needs RADLIB_FIGURES)", () => {
  test("weight, first film, later films, map, and memory over 100 films", { timeout: 590_000 }, async () => {
    const proxy = await startProxy();
    const browser = await startBrowser(proxy);
    const chosen = FILM || film("dicom_12_bits_window.dcm");
    const figures: Record<string, number> = {
      load: Number(readFileSync("/proc/loadavg", "utf8").split(" ")[0]),
    };
    const measured = async (name: string, act: () => Promise<unknown>) => {
      const [wall, before] = [performance.now(), renderers()];
      await act();
      figures[`${name}_wall_ms`] = Math.round(performance.now() - wall);
      figures[`${name}_processor_ms`] = Math.round(renderers().processorMs - before.processorMs);
    };
    const context = await browser.newContext({ locale: "en-GB" });
    const page = await context.newPage();
    await measured("open", async () => {
      await page.goto(process.env.RADLIB_PAGE ?? "");
      await ready(page);
    });
    figures.page_and_runtime_gzip_bytes = proxy.bytes;
    await measured("first_film", () => read(page, chosen));
    await page.locator("canvas.picture").waitFor();
    await page.waitForFunction(() => document.documentElement.dataset.kept === "yes");
    await measured("later_film", () => read(page, chosen));
    await page.locator("canvas.picture").waitFor();
    await measured("map", async () => {
      await page.getByRole("button", { name: "Show where it looked" }).click();
      await page.getByRole("button", { name: "Hide where it looked" }).waitFor();
    });
    const folder = resolve(BUNDLES[0], "conformance/films");
    const films = readdirSync(folder).map((name) => resolve(folder, name));
    const hundred = Array.from({ length: 100 }, (_, n) => (n % 10 ? films[n % films.length] : chosen));
    await read(page, hundred.slice(0, 20));
    figures.memory_after_20_films_mb = Math.round(renderers().memoryMb);
    await page.setInputFiles("input[type=file] >> nth=0", hundred.slice(20));
    await page.waitForTimeout(500);
    await allRead(page, 400);
    figures.memory_after_100_films_mb = Math.round(renderers().memoryMb);
    writeFileSync(TO ?? "", `${JSON.stringify(figures, null, 1)}\n`);
    console.log(JSON.stringify(figures));
    expect(figures.page_and_runtime_gzip_bytes).toBeLessThan(4_000_000);
    await browser.close();
    proxy.close();
  });
});
