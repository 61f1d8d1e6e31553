/** Hostile films on the page: one sentence, next film, and the page never stands still. */

import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { crc32, deflateSync } from "node:zlib";

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { mutants } from "../mutants";
import { BUNDLES, film, openPage, read, startBrowser, WITHOUT } from "./browser";

const COUNT = Number(process.env.RADLIB_PAGE_MUTANTS ?? 84);
const LONGEST_PAUSE_MS = 1500; // of the page itself; this machine may be busy

/** Return a PNG of a side that takes seconds to read, in a few KB. */
function large(side: number): Buffer {
  const chunk = (kind: string, content: Buffer) => {
    const named = Buffer.concat([Buffer.from(kind), content]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(content.length);
    sum.writeUInt32BE(crc32(named));
    return Buffer.concat([length, named, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(side, 0);
  head.writeUInt32BE(side, 4);
  head.set([8, 0, 0, 0, 0], 8);
  const rows = deflateSync(Buffer.alloc((side + 1) * side));
  const mark = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([mark, chunk("IHDR", head), chunk("IDAT", rows), chunk("IEND", Buffer.alloc(0))]);
}

describe.skipIf(WITHOUT)("hostile films (needs RADLIB_PAGE and Chromium)", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());

  test("damaged films each get an answer or a reason while the page goes on", async () => {
    const { context, page, wrong } = await openPage(browser);
    await page.evaluate(() => {
      const watched = window as unknown as { pause: number };
      let last = performance.now();
      watched.pause = 0;
      setInterval(() => {
        watched.pause = Math.max(watched.pause, performance.now() - last);
        last = performance.now();
      }, 20);
    });
    const folder = resolve(BUNDLES[0], "conformance/films");
    const films = readdirSync(folder).map((name) => new Uint8Array(readFileSync(resolve(folder, name))));
    const damaged = [...mutants(films, COUNT, 11)].map((bytes, n) => ({
      name: `damaged ${n}.dcm`,
      mimeType: "application/octet-stream",
      buffer: Buffer.from(bytes),
    }));
    await read(page, damaged);
    await read(page, film("png_16_bits.png"));
    const rows = await page.locator("tbody tr").allInnerTexts();
    expect(rows.length).toBe(COUNT + 1);
    expect(rows.every((text) => /yes|no|not read/.test(text))).toBe(true);
    expect(rows[COUNT]).toMatch(/: (yes|no)\./);
    const pause = await page.evaluate(() => (window as unknown as { pause: number }).pause);
    console.log(`${COUNT} damaged films; longest pause of the page ${pause.toFixed(0)} ms`);
    expect(pause).toBeLessThan(LONGEST_PAUSE_MS);
    expect(wrong).toEqual([]);
    await context.close();
  });

  test("a film that takes too long is left out, and the next one is read", async () => {
    const context = await browser.newContext({ locale: "en-GB" });
    const page = await context.newPage();
    await page.addInitScript(() => {
      new MutationObserver(() => (document.documentElement.dataset.filmSeconds ??= "2")).observe(document, {
        childList: true,
      });
    });
    await page.goto(process.env.RADLIB_PAGE ?? "");
    await page.waitForFunction(() => document.documentElement.dataset.state === "ready");
    const slow = { name: "slow.png", mimeType: "image/png", buffer: large(9900) };
    await read(page, [slow, { ...slow, name: "small.png", buffer: readFileSync(film("png_8_bits.png")) }]);
    const rows = await page.locator("tbody tr").allInnerTexts();
    expect(rows[0]).toContain("The film took too long.");
    expect(rows[1]).toMatch(/: (yes|no)\./);
    await context.close();
  });
});
