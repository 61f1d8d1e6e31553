/** What is read rather than used: the pages of `make docs`, notebooks among them, and a report. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { CHROMIUM, startBrowser } from "./browser";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** A folder of HTML files. */
const FOLDER = process.env.RADLIB_DOCUMENTS ?? "";
const FILES = FOLDER ? readdirSync(FOLDER).filter((name) => name.endsWith(".html")) : [];
/** A wide page by day and a narrow one by night: no rule of style asks for both at once, so all four would tell no more. */
const LOOKS = [
  { width: 1280, colorScheme: "light" },
  { width: 390, colorScheme: "dark" },
] as const;
const SECONDS = 240; // for one file

describe.skipIf(!FOLDER || !existsSync(CHROMIUM))("documents (needs RADLIB_DOCUMENTS and Chromium)", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());

  test("there are some", () => expect(FILES.length).toBeGreaterThan(0));

  test.concurrent.each(FILES)(
    "axe-core finds nothing in %s, and nothing hangs over",
    async (name) => {
      const context = await browser.newContext({ bypassCSP: true });
      const page = await context.newPage();
      await page.goto(pathToFileURL(join(FOLDER, name)).href);
      await page.evaluate(AXE);
      await page.evaluate(() => {
        // answers are read, too; folded sources are the same code in the same colours as the others
        for (const fold of document.querySelectorAll("details"))
          fold.open ||= fold.querySelector("summary")?.textContent !== "source";
      });
      for (const { width, colorScheme } of LOOKS) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        const found = await page.evaluate(async () => {
          const axe = (
            window as unknown as {
              axe: { run(): Promise<{ violations: { id: string; nodes: unknown[] }[] }> };
            }
          ).axe;
          const { violations } = await axe.run();
          const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
          const told = violations.map(({ id, nodes }) => `${id}: ${JSON.stringify(nodes).slice(0, 300)}`);
          return wide > 1 ? [...told, `${wide} pixels hang over`] : told;
        });
        expect(found, `${colorScheme}, ${width} pixels`).toEqual([]);
      }
      await context.close();
    },
    1000 * SECONDS,
  );
});
