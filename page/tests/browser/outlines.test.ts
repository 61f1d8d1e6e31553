/** A page that outlines: the desk's pixels over the film, in sight on a phone, light and dark, and refused where they differ. */

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { LANGUAGES } from "../../source/texts/texts";
import { COLOURS } from "../../source/view/outline_painting";
import { kept, readVectors } from "../vectors";
import { ADDRESS, BUNDLES, openPage, read, ready, startBrowser, WITHOUT } from "./browser";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const FILM = process.env.RADLIB_FILM ?? "png_larger.png";
const { en } = LANGUAGES;
const OUTLINED = BUNDLES.some((bundle) =>
  existsSync(join(bundle, "specification.json"))
    ? JSON.parse(readFileSync(join(bundle, "specification.json"), "utf8")).decision.task === "outlines"
    : false,
);

/** Return what is painted over the film, RGBA in a row, and how large it is. */
async function painted(page: Page): Promise<{ width: number; height: number; data: number[] }> {
  return page.evaluate(() => {
    const canvas = document.querySelector("canvas.cover") as HTMLCanvasElement;
    const { width, height } = canvas;
    const data = canvas.getContext("2d")?.getImageData(0, 0, width, height).data ?? [];
    return { width, height, data: [...data] };
  });
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: { id: string }[] }> } };
    return (await axe.run()).violations.map(({ id }) => id);
  });
}

function path(name: string): string {
  return name.includes("/") ? name : resolve(BUNDLES[0], "conformance/films", name);
}

async function opened(browser: Browser, options: Parameters<typeof openPage>[1] = {}) {
  const { context, page, wrong } = await openPage(browser, options);
  await read(page, path(FILM));
  await page.getByRole("button", { name: en.hideOutline }).waitFor();
  return { context, page, wrong };
}

describe.skipIf(WITHOUT || !OUTLINED)("a page that outlines (needs RADLIB_PAGE and Chromium)", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());

  test("the desk's pixels lie over the film, and a button takes them away", async () => {
    const { context, page, wrong } = await openPage(browser);
    const folder = join(BUNDLES[0], "conformance");
    let compared = 0;
    for (const { file, steps } of readVectors(folder).filter(({ name }) => name.startsWith("png_"))) {
      const by = Object.fromEntries(steps.map((step) => [step.step, step]));
      const [height, width, labels] = by.outline.shape;
      if (labels > 1) continue;
      await read(page, resolve(folder, file));
      await page
        .getByRole("button", { name: basename(file), exact: true })
        .last()
        .click();
      await page.getByRole("img", { name: `Film ${basename(file)}` }).waitFor();
      const cover = await painted(page);
      expect([cover.width, cover.height], file).toEqual([width, height]);
      const [drawn, undecided] = [kept(folder, by.outline), kept(folder, by.undecided)];
      const other = drawn.filter((value, n) => {
        const here = cover.data[4 * n] === COLOURS[0][0] && cover.data[4 * n + 3] > 0;
        return here !== (value === 1) && !undecided[n];
      });
      expect(other.length, file).toBe(0);
      compared += drawn.filter((value) => value === 1).length;
    }
    expect(compared).toBeGreaterThan(20);
    await page.getByRole("button", { name: en.hideOutline }).click();
    expect(await page.locator("canvas.cover").isVisible()).toBe(false);
    await page.getByRole("button", { name: en.showOutline }).click();
    expect(await page.locator("canvas.cover").isVisible()).toBe(true);
    expect(wrong).toEqual([]);
    await context.close();
  });

  test("share and Dice stand in words, AUROC and a map nowhere, and the notice stays", async () => {
    const { context, page } = await opened(browser);
    await page.locator("summary").click();
    const said = await page.innerText("main");
    expect(said).toMatch(/: outlined\.\s+The outline covers [\d.]+ of 100 parts/);
    expect(said).toContain(en.outlineText);
    expect(said).toContain("Dice; 1 is best");
    expect(said).not.toContain("AUROC");
    expect(said).not.toContain(en.showMap);
    expect(said).not.toContain(en.thousand);
    expect(await page.innerText("header .notice")).toBe(en.notice);
    await context.close();
  });

  for (const scheme of ["light", "dark"] as const)
    for (const width of [390, 1280])
      test(`in ${scheme} at ${width} pixels nothing hangs over, and the line is wide enough to see`, async () => {
        const viewport = { width, height: 844 };
        const { context, page } = await opened(browser, { colorScheme: scheme, viewport });
        expect(await violations(page)).toEqual([]);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect(over).toBeLessThanOrEqual(0);
        const box = await page.locator("canvas.cover").boundingBox();
        const { width: own, height } = await painted(page);
        const line = Math.max(1, Math.round(Math.max(own, height) / 170)) * ((box?.width ?? 0) / own);
        expect(line).toBeGreaterThan(1.2); // of the screen's pixels
        const shots = process.env.RADLIB_SHOTS;
        if (shots) await page.screenshot({ path: `${shots}/outline-${scheme}-${width}.png`, fullPage: true });
        await context.close();
      });

  test("a browser that draws drawn films otherwise is not used", async () => {
    const context = await browser.newContext({ locale: "en-GB", serviceWorkers: "block" });
    const page = await context.newPage();
    await page.route("**/masks.bin", async (route) => {
      const bytes = await (await route.fetch()).body();
      await route.fulfill({ body: Buffer.from(bytes.map((value) => value ^ 1)) });
    });
    await page.goto(ADDRESS);
    await ready(page).catch(() => undefined);
    await page
      .getByText(BUNDLES.length > 1 ? "cannot be used here" : en.unlikeDesk)
      .first()
      .waitFor();
    await context.close();
  });
});
