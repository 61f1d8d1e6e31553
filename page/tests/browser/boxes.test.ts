/** A page that finds boxes: the desk's boxes over the film, in words and in sight, and refused where they differ. */

import { existsSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { LANGUAGES } from "../../source/texts/texts";
import { COLOURS } from "../../source/view/outline_painting";
import { kept, type Numbers, readVectors } from "../vectors";
import { ADDRESS, BUNDLES, openPage, read, ready, startBrowser, WITHOUT } from "./browser";

const FILM = process.env.RADLIB_FILM ?? "png_larger.png";
const { en } = LANGUAGES;
const BOXED = BUNDLES.some((bundle) =>
  existsSync(join(bundle, "specification.json"))
    ? JSON.parse(readFileSync(join(bundle, "specification.json"), "utf8")).decision.task === "boxes"
    : false,
);

/** Return how large the canvas over the film is. */
async function coverOf(page: Page): Promise<{ width: number; height: number }> {
  return page.evaluate(() => {
    const { width, height } = document.querySelector("canvas.cover") as HTMLCanvasElement;
    return { width, height };
  });
}

/** Tell of places on that canvas whether the colour of the first label lies within two pixels. */
async function linedAt(page: Page, places: number[][]): Promise<boolean[]> {
  return page.evaluate(
    ([wanted, colour]) => {
      const context = (document.querySelector("canvas.cover") as HTMLCanvasElement).getContext("2d");
      return wanted.map(([x, y]) => {
        const { data } = context?.getImageData(Math.round(x) - 2, Math.round(y) - 2, 5, 5) ?? { data: [] };
        return Array.from({ length: 25 }, (_, n) => 4 * n).some(
          (place) =>
            colour.every((value, n) => Math.abs(data[place + n] - value) < 40) && data[place + 3] > 128,
        );
      });
    },
    [places, [...COLOURS[0]]] as [number[][], number[]],
  );
}

/** Return the rows of a table of six columns. */
function rowsOf(numbers: Numbers): number[][] {
  return Array.from({ length: numbers.length / 6 }, (_, n) => [...numbers.subarray(6 * n, 6 * n + 6)]);
}

describe.skipIf(WITHOUT || !BOXED)("a page that finds boxes (needs RADLIB_PAGE and Chromium)", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());

  test("the desk's boxes lie over the film, and a button takes them away", async () => {
    const { context, page, wrong } = await openPage(browser);
    const folder = join(BUNDLES[0], "conformance");
    let compared = 0;
    for (const { file, steps } of readVectors(folder).filter(({ name }) =>
      /^png_(larger|tall|as_)/.test(name),
    )) {
      const by = Object.fromEntries(steps.map((step) => [step.step, step]));
      await read(page, resolve(folder, file));
      await page
        .getByRole("button", { name: basename(file), exact: true })
        .last()
        .click();
      await page.getByRole("img", { name: `Film ${basename(file)}` }).waitFor();
      const cover = await coverOf(page);
      const times = cover.width / by.grey.shape[1];
      expect(Math.max(cover.width, cover.height), file).toBeGreaterThanOrEqual(800);
      expect(cover.height, file).toBe(times * by.grey.shape[0]);
      const near = rowsOf(kept(folder, by.undecided)).map(String);
      const drawn = rowsOf(kept(folder, by.film_boxes)).filter((row) => !near.includes(String(row)));
      for (const [, , left, top, width, height] of drawn) {
        if (width < 6 || height < 6) continue; // two lines on one pixel
        const [x, y] = [left + width / 2, top + height / 2];
        const edges = [
          [left, y],
          [left + width, y],
          [x, top],
          [x, top + height],
        ].map((edge) => edge.map((at) => times * at));
        expect(await linedAt(page, edges), `${file} ${edges}`).toEqual([true, true, true, true]);
        const [middle] = await linedAt(page, [[times * x, times * y]]);
        expect(middle, `${file} inside`).toBe(false);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(1);
    await page.getByRole("button", { name: en.hideBoxes }).click();
    expect(await page.locator("canvas.cover").isVisible()).toBe(false);
    await page.getByRole("button", { name: en.showBoxes }).click();
    expect(await page.locator("canvas.cover").isVisible()).toBe(true);
    expect(wrong).toEqual([]);
    await context.close();
  });

  for (const width of [390, 1280])
    test(`at ${width} pixels number, score and measures stand in words, and nothing hangs over`, async () => {
      const { context, page } = await openPage(browser, { viewport: { width, height: 844 } });
      await read(page, FILM.includes("/") ? FILM : resolve(BUNDLES[0], "conformance/films", FILM));
      await page.getByRole("button", { name: en.hideBoxes }).waitFor();
      await page.locator("summary").click();
      const said = await page.innerText("main");
      expect(said).toMatch(
        /: boxes drawn: \d+\.\s+The program gives the surest box [\d.]+ of 100\. It draws/,
      );
      expect(said).toContain(en.boxText);
      expect(await page.locator(`td[data-head="${en.number}"]`).innerText()).toMatch(/^\d[\d.]*$/);
      expect(said).toMatch(/box score; 1 is best\)\s+0\.\d\d \(0\.\d\d–\d\.\d\d\)\. This was counted on/);
      for (const word of ["AUROC", "Dice", en.showMap, en.thousand, "undefined"])
        expect(said).not.toContain(word);
      expect(await page.innerText("header .notice")).toBe(en.notice);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(over).toBeLessThanOrEqual(0);
      const shots = process.env.RADLIB_SHOTS;
      if (shots) await page.screenshot({ path: `${shots}/boxes-${width}.png`, fullPage: true });
      await context.close();
    });

  test("a browser that finds other boxes in drawn films is not used", async () => {
    const context = await browser.newContext({ locale: "en-GB", serviceWorkers: "block" });
    const page = await context.newPage();
    await page.route("**/variant.json", async (route) => {
      const record = await (await route.fetch()).json();
      record.centres.films[0].boxes.push([0, 0.9, 1, 1, 5, 5]);
      await route.fulfill({ json: record });
    });
    await page.goto(ADDRESS);
    await ready(page).catch(() => undefined);
    await page.getByText(en.unlikeDesk).first().waitFor();
    await context.close();
  });
});
