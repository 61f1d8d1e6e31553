/** The page, as somebody uses it: films in, answers out, by mouse, keyboard, phone and in three languages. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { LANGUAGES } from "../../source/texts/texts";
import { allRead, film, openPage, read, ready, startBrowser, WITHOUT } from "./browser";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const FILM = "dicom_12_bits_window.dcm";

/** Return what axe-core finds wrong; it is put in through the debugger, since the page's policy lets no script in. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const axe = (
      window as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: unknown[] }[] }> } }
    ).axe;
    const found = await axe.run();
    return found.violations.map(({ id, nodes }) => `${id}: ${JSON.stringify(nodes).slice(0, 300)}`);
  });
}

describe.skipIf(WITHOUT)("the page (needs RADLIB_PAGE and Chromium)", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());

  test("a film gets an answer in words, with number and limit, and the notice stays in sight", async () => {
    const { context, page, wrong } = await openPage(browser);
    await read(page, [film(FILM), film("png_16_bits.png"), film("jpeg_grey.jpg")]);
    expect(await page.locator(".headline").first().innerText()).toMatch(/: (yes|no)\.$/);
    expect(await page.innerText(".finding")).toMatch(/The number is [\d.]+ of 100\. The limit is [\d.]+\./);
    expect(await page.locator("tbody tr").count()).toBe(3);
    await page.mouse.wheel(0, 5000);
    expect(await page.locator("header .notice").isVisible()).toBe(true);
    const box = await page.locator("header .notice").boundingBox();
    expect(box && box.y >= 0).toBe(true);
    expect(wrong).toEqual([]);
    await context.close();
  });

  test("a dropped film is read, and a foreign file gets a reason", async () => {
    const { context, page } = await openPage(browser);
    const content = readFileSync(film(FILM)).toString("base64");
    await page.evaluate((encoded) => {
      const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], "<b>film</b>.dcm"));
      transfer.items.add(new File(["no film"], "notes.txt"));
      document.dispatchEvent(
        new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }),
      );
    }, content);
    await allRead(page);
    expect(await page.innerText("table")).toContain("<b>film</b>.dcm");
    expect(await page.innerText("table")).toContain("This is not a DICOM, PNG or JPEG file.");
    await context.close();
  });

  test("an earlier film never stands beside the answer to another one", async () => {
    const { context, page } = await openPage(browser);
    await read(page, film("png_16_bits.png"));
    await page.locator("canvas.picture").waitFor();
    await page.evaluate(() => {
      const watched = window as unknown as { beside: string[] };
      watched.beside = [];
      const seen = () => {
        const name = document.querySelector("canvas.picture")?.getAttribute("aria-label") ?? "";
        const current = document.querySelector("[aria-current=true]")?.textContent ?? "";
        if (name && !name.endsWith(current)) watched.beside.push(`${name} beside ${current}`);
      };
      new MutationObserver(seen).observe(document.body, { childList: true, subtree: true });
    });
    await read(page, film(FILM));
    await page.getByRole("img", { name: FILM }).waitFor();
    expect(await page.evaluate(() => (window as unknown as { beside: string[] }).beside)).toEqual([]);
    await context.close();
  });

  test("the map of where it looked comes on demand and says its place in words", async () => {
    const { context, page } = await openPage(browser);
    await page.getByLabel("Program").selectOption("float32"); // int8 may say the same whatever is covered
    await read(page, film(FILM));
    const begun = Date.now();
    await page.getByRole("button", { name: "Show where it looked" }).click();
    await page.getByRole("button", { name: "Hide where it looked" }).waitFor();
    console.log(`map after ${Date.now() - begun} ms`);
    const said = await page.innerText(".film");
    expect(said).toMatch(/The program uses this part most|No part of the film/);
    const painted = await page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>("canvas.cover");
      const data = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
      return data.some((value) => value > 0);
    });
    expect(painted || said.includes(LANGUAGES.en.mapNowhere)).toBe(true);
    await context.close();
  });

  test("two variants are compared, and 1,000 patients follow the number that is typed", async () => {
    const { context, page } = await openPage(browser);
    await read(page, film(FILM));
    await page.getByLabel("Compare with").selectOption({ index: 1 });
    await page.waitForFunction(() => document.querySelectorAll("article.answer .headline").length === 2);
    expect(await page.innerText("main")).toMatch(/Both programs say the same|The programs do not agree/);
    if (await page.getByLabel("How many of 1,000 patients").count()) {
      await page.getByLabel("How many of 1,000 patients").fill("40");
      expect(await page.innerText("main")).toContain("of the 40 who have it");
    }
    await context.close();
  });

  test("a photo of a film carries its warning", async () => {
    const { context, page } = await openPage(browser);
    await page.setInputFiles("input[capture]", film("jpeg_colours.jpg"));
    await allRead(page);
    expect(await page.innerText("article.answer")).toContain("This is a photo of a film.");
    await context.close();
  });

  test("the keyboard alone is enough", async () => {
    const { context, page } = await openPage(browser);
    await read(page, [film(FILM), film("png_16_bits.png")]);
    await page.locator("canvas.picture").waitFor();
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    const reached: string[] = [];
    for (let n = 0; n < 30; n++) {
      await page.keyboard.press("Tab");
      reached.push(
        await page.evaluate(
          () => document.activeElement?.closest("label, button, summary, .frame")?.textContent ?? "",
        ),
      );
    }
    const all = reached.join("|");
    for (const name of [
      "Choose films",
      "Take a photo",
      "Brightness",
      "Show where it looked",
      "png_16_bits.png",
      "Save as CSV",
      "About",
    ])
      expect(all).toContain(name);
    await page.getByRole("button", { name: "png_16_bits.png" }).focus();
    await page.keyboard.press("Enter");
    const current = () => page.evaluate(() => document.activeElement?.getAttribute("aria-current"));
    expect(await current()).toBe("true");
    await context.close();
  });

  for (const scheme of ["light", "dark"] as const)
    for (const width of [360, 1280])
      test(`axe-core finds nothing in ${scheme} at ${width} pixels, and nothing hangs over`, async () => {
        const viewport = { width, height: 800 };
        const { context, page } = await openPage(browser, {
          colorScheme: scheme,
          viewport,
          reducedMotion: "reduce",
        });
        expect(await violations(page)).toEqual([]);
        await read(page, [film(FILM), film("png_8_bits.png")]);
        await page.locator("canvas.picture").waitFor();
        await page.locator("summary").click();
        await page.getByRole("button", { name: "Show where it looked" }).click();
        await page.getByRole("button", { name: "Hide where it looked" }).waitFor();
        expect(await violations(page)).toEqual([]);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect(over).toBeLessThanOrEqual(0);
        const shots = process.env.RADLIB_SHOTS;
        if (shots) await page.screenshot({ path: `${shots}/${scheme}-${width}.png`, fullPage: true });
        await context.close();
      });

  test("three languages, the browser's own to begin with", async () => {
    const { context, page } = await openPage(browser, { locale: "fr-FR" });
    expect(await page.innerText("h1")).toBe(LANGUAGES.fr.title);
    await page.getByLabel(LANGUAGES.fr.language).selectOption("es");
    expect(await page.innerText("h1")).toBe(LANGUAGES.es.title);
    expect(await page.evaluate(() => document.documentElement.lang)).toBe("es");
    await read(page, film(FILM));
    expect(await page.innerText("main")).toContain(LANGUAGES.es.says);
    expect(await page.innerText("header")).toContain(LANGUAGES.es.notice);
    await context.close();
  });

  test("nothing is stored but the page itself", async () => {
    const { context, page } = await openPage(browser);
    await read(page, film(FILM));
    await page.reload();
    await ready(page);
    expect(await page.locator("table").count()).toBe(0);
    const stored = await page.evaluate(async () => ({
      local: localStorage.length + sessionStorage.length,
      cookies: document.cookie,
      bases: (await indexedDB.databases()).length,
    }));
    expect(stored).toEqual({ local: 0, cookies: "", bases: 0 });
    await context.close();
  });
});
