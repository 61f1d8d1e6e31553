/** The same answers: every film of every bundle's vectors by the page, against what the desk said of it. */

import { existsSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { readVectors } from "../vectors";
import { BUNDLES, openPage, read, startBrowser, WITHOUT } from "./browser";

/** Return the table that the page saves, by file. */
export async function savedTable(page: Page): Promise<Map<string, Record<string, string>>> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save as CSV" }).click(),
  ]);
  const lines = readFileSync(await download.path(), "utf8")
    .trim()
    .split("\r\n");
  const columns = lines[0].split(",");
  return new Map(
    lines.slice(1).map((line) => {
      const cells = line.match(/("([^"]|"")*"|[^,]*)(,|$)/g)?.map((cell) => cell.replace(/,$/, "")) ?? [];
      return [cells[0], Object.fromEntries(columns.map((name, n) => [name, cells[n] ?? ""]))];
    }),
  );
}

describe.skipIf(WITHOUT)("answers as on the desk (needs RADLIB_PAGE and Chromium)", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());

  for (const bundle of BUNDLES)
    test(basename(bundle), async () => {
      const { context, page } = await openPage(browser);
      const record = JSON.parse(readFileSync(join(bundle, "variant.json"), "utf8"));
      const { agreed, labels, task } = await page.evaluate(
        async (key) => (await fetch(`variants/${key}/variant.json`)).json(),
        basename(bundle),
      );
      if (await page.getByLabel("Program").count())
        await page.getByLabel("Program").selectOption(basename(bundle));
      const vectors = readVectors(join(bundle, "conformance"));
      const films = vectors.map(({ file }) => resolve(bundle, "conformance", file));
      expect(films.every(existsSync)).toBe(true);
      await read(page, films);
      const table = await savedTable(page);
      let apart = 0;
      for (const vector of vectors) {
        const { file, outputs = [], decisions = {}, reason = "" } = vector;
        const { shares = {}, boxes = {}, may_differ = {} } = vector;
        const row = table.get(basename(file));
        expect(row?.reason, file).toBe(reason);
        if (reason) continue;
        for (const [label, share] of Object.entries(shares)) {
          const difference = Math.abs(Number(row?.[`${label}_share`]) - share);
          expect(difference, file).toBeLessThanOrEqual(may_differ[label] + 1e-12);
        }
        for (const [label, count] of Object.entries(boxes)) {
          const difference = Math.abs(Number(row?.[`${label}_boxes`]) - count);
          expect(difference, file).toBeLessThanOrEqual(may_differ[label]);
        }
        if (task === "outlines" || task === "boxes") continue;
        const expected = task === "binary" ? outputs.slice(1) : outputs;
        labels.forEach((label: string, n: number) => {
          const difference = Math.abs(Number(row?.[`${label}_probability`]) - expected[n]);
          apart = Math.max(apart, difference);
        });
        for (const [label, decision] of Object.entries(decisions))
          if (task !== "classes") expect(row?.[`${label}_decision`], file).toBe(decision);
      }
      console.log(
        `${basename(bundle)} (${record.chain.length} steps): ${vectors.length} films, largest difference ${apart}`,
      );
      expect(apart).toBeLessThanOrEqual(agreed);
      await context.close();
    });
});
