/** Hostile films on the page: one sentence, next film, and the page never stands still. */

import { readdirSync, readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { crc32, deflateSync } from "node:zlib";

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { mutants } from "../mutants";
import { hostileModels } from "./hostile_models";
import { ADDRESS, BUNDLES, film, openPage, read, ready, startBrowser, WITHOUT } from "./browser";

const COUNT = Number(process.env.RADLIB_PAGE_MUTANTS ?? 84);
const TOGETHER = 250;
const MODELS = Number(process.env.RADLIB_PAGE_MODELS ?? 14);
const LONGEST_PAUSE_MS = 1500; // of the page itself; this machine may be busy

/** Return a PNG of colours that takes seconds to read, in some KB. */
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
  head.set([8, 2, 0, 0, 0], 8);
  const raw = Buffer.alloc((3 * side + 1) * side);
  for (let row = 0; row < side; row++) raw[row * (3 * side + 1)] = 4; // the filter that takes longest
  const rows = deflateSync(raw);
  const mark = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([mark, chunk("IHDR", head), chunk("IDAT", rows), chunk("IEND", Buffer.alloc(0))]);
}

describe.skipIf(WITHOUT)("hostile films (needs RADLIB_PAGE and Chromium)", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());

  const limit = { timeout: 120_000 + 500 * COUNT };
  test("damaged films each get an answer or a reason while the page goes on", limit, async () => {
    const outcomes = { read: 0, refused: 0 };
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
    for (let first = 0; first < COUNT; first += TOGETHER) {
      const some = damaged.slice(first, first + TOGETHER);
      await read(page, some);
      const rows = await page.locator("tbody tr").allInnerTexts();
      expect(rows.length).toBe(some.length);
      expect(rows.filter((text) => !/yes|no|not read/.test(text))).toEqual([]);
      for (const row of rows) outcomes[row.includes("not read") ? "refused" : "read"]++;
      await page.getByRole("button", { name: "Remove all films" }).click();
    }
    await read(page, film("png_16_bits.png"));
    expect(await page.locator("tbody tr").innerText()).toMatch(/: (yes|no)\./);
    const pause = await page.evaluate(() => (window as unknown as { pause: number }).pause);
    console.log(
      `${COUNT} damaged films, ${JSON.stringify(outcomes)}; longest pause of the page ${pause.toFixed(0)} ms`,
    );
    expect(pause).toBeLessThan(LONGEST_PAUSE_MS);
    expect(wrong).toEqual([]);
    await context.close();
  });

  test("a film that takes too long is left out, and the next one is read", async () => {
    const context = await browser.newContext({ locale: "en-GB" });
    const page = await context.newPage();
    await page.addInitScript(() => {
      new MutationObserver(() => (document.documentElement.dataset.filmSeconds ??= "1")).observe(document, {
        childList: true,
      });
    });
    await page.goto(process.env.RADLIB_PAGE ?? "");
    await page.waitForFunction(() => document.documentElement.dataset.state === "ready");
    const slow = { name: "slow.png", mimeType: "image/png", buffer: large(8000) };
    await read(page, [slow, { ...slow, name: "small.png", buffer: readFileSync(film("png_8_bits.png")) }]);
    const rows = await page.locator("tbody tr").allInnerTexts();
    expect(rows[0]).toContain("The film took too long.");
    expect(rows[1]).toMatch(/: (yes|no)\./);
    await context.close();
  });

  const models = { timeout: 60_000 + 5000 * MODELS };
  test(
    "a broken or hostile model gets one sentence, and the page goes on with the other",
    models,
    async () => {
      const place = `${ADDRESS}variants/${basename(BUNDLES[0])}/`;
      const sound = new Uint8Array(await (await fetch(`${place}model.tflite`)).arrayBuffer());
      const record = await (await fetch(`${place}variant.json`)).json();
      const outcomes: Record<string, number> = {};
      for (const { name, model, claimed } of hostileModels(sound, MODELS, 5)) {
        const context = await browser.newContext({ locale: "en-GB", serviceWorkers: "block" });
        await context.route(`${place}model.tflite`, (route) => route.fulfill({ body: Buffer.from(model) }));
        if (claimed)
          await context.route(`${place}variant.json`, (route) =>
            route.fulfill({ json: { ...record, runs_sha256: claimed } }),
          );
        const page = await context.newPage();
        await page.goto(ADDRESS);
        await ready(page);
        const said = await page.innerText(".notes");
        const outcome = said.includes("cannot be used here") ? "left out" : said ? said : "as good";
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        expect(["left out", "as good"], name).toContain(outcome);
        if (!claimed) expect(outcome, name).toBe("left out");
        if (name === "unharmed") expect(outcome).toBe("as good");
        await read(page, film("png_16_bits.png"));
        expect(await page.locator(".headline").count(), name).toBe(1);
        await context.close();
      }
      console.log(`${MODELS} hostile models: ${JSON.stringify(outcomes)}`);
    },
  );
});
