/** Nothing leaves, nothing is needed: requests counted by a proxy and by the browser, and a page without a network. */

import { readFileSync } from "node:fs";

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import {
  ADDRESS,
  film,
  openPage,
  type Proxy,
  read,
  ready,
  startBrowser,
  startProxy,
  WITHOUT,
} from "./browser";

describe.skipIf(WITHOUT)("the network (needs RADLIB_PAGE and Chromium)", () => {
  let browser: Browser;
  let proxy: Proxy;
  beforeAll(async () => {
    proxy = await startProxy();
    browser = await startBrowser(proxy);
  });
  afterAll(async () => {
    await browser?.close();
    proxy?.close();
  });

  test("no request goes out once the page is there, and none to anyone else at all", async () => {
    const { context, page } = await openPage(browser);
    await page.waitForFunction(() => document.documentElement.dataset.kept === "yes");
    const ours = new URL(ADDRESS).origin;
    expect(proxy.asked.filter((address) => !address.startsWith(ours))).toEqual([]);
    const before = proxy.asked.length;
    const seen: string[] = [];
    page.on("request", (request) => seen.push(request.url()));
    await read(
      page,
      ["dicom_12_bits_window.dcm", "jpeg_grey.jpg", "dicom_jpeg_2000_12_bits_window.dcm"].map(film),
    );
    await page.getByRole("button", { name: "Show where it looked" }).click();
    await page.getByRole("button", { name: "Hide where it looked" }).waitFor();
    console.log(
      `requests after load: ${proxy.asked.length - before} by the proxy, ${seen.length} by the browser`,
    );
    const program = `${ADDRESS}service-worker.js`; // the browser itself looks once whether there is a newer page
    expect(proxy.asked.slice(before).filter((address) => address !== program)).toEqual([]);
    expect(seen).toEqual([]);
    await context.close();
  });

  test("the policy lets nothing out: what a hostile script would try fails", async () => {
    const { context, page } = await openPage(browser);
    const before = proxy.asked.length;
    const tried = await page.evaluate(async () => {
      const failed = async (what: () => Promise<unknown>) =>
        what().then(
          () => "went",
          () => "refused",
        );
      await new Promise((done) => setTimeout(done, 50)); // out of the debugger's hands, who may do all
      const script = document.createElement("script");
      script.textContent = "window.inlined = true";
      document.head.append(script);
      return {
        elsewhere: await failed(() => fetch("https://example.org/")),
        evaluated: await failed(async () => new Function("return 1")()),
        inlined: "inlined" in window,
      };
    });
    expect(tried).toEqual({ elsewhere: "refused", evaluated: "refused", inlined: false });
    expect(proxy.asked.slice(before).filter((address) => !address.startsWith(ADDRESS))).toEqual([]);
    await context.close();
  });

  test("without a network the page opens and reads", async () => {
    const { context, page } = await openPage(browser);
    await page.waitForFunction(() => document.documentElement.dataset.kept === "yes");
    proxy.cut = true;
    try {
      await page.reload();
      await ready(page);
      await read(page, film("png_16_bits.png"));
      expect(await page.locator(".headline").count()).toBe(1);
    } finally {
      proxy.cut = false;
    }
    await context.close();
  });

  test("a newer version comes whole, when the reader says so, and not at all when a file is missing", async () => {
    const context = await browser.newContext({ locale: "en-GB" });
    const page = await context.newPage();
    const worker = await (await fetch(`${ADDRESS}service-worker.js`)).text();
    const serve = (program: string) => proxy.instead.set("service-worker.js", program);
    await page.goto(ADDRESS);
    await ready(page);
    await page.waitForFunction(() => document.documentElement.dataset.kept === "yes");
    const stores = () => page.evaluate(() => caches.keys());
    const [first] = await stores();
    const update = () =>
      page.evaluate(async () => {
        const registration = await navigator.serviceWorker.getRegistration();
        await registration?.update().catch(() => undefined);
        await new Promise((done) => setTimeout(done, 1500));
        return Boolean(registration?.waiting);
      });
    const halfOld = /("page.json": ")\w{8}/; // a file that is not there as the list has it
    serve(worker.replace(/"version": "\w+"/, '"version": "half"').replace(halfOld, "$1........"));
    expect(await update()).toBe(false);
    expect(await page.getByRole("button", { name: "Use it now" }).count()).toBe(0);
    serve(worker.replace(/"version": "\w+"/, '"version": "newer"'));
    expect(await update()).toBe(true);
    expect(await stores()).toContain(first);
    await page.getByRole("button", { name: "Use it now" }).click();
    await page.waitForFunction(async () => (await caches.keys()).join() === "radlib-page-newer");
    await ready(page);
    proxy.instead.clear();
    await context.close();
  });

  test("the server sends the policy with every file", async () => {
    const program = readFileSync(film("png_16_bits.png")); // any bytes: the server answers GET alone
    expect(program.length).toBeGreaterThan(0);
    for (const path of ["", "page.json", "service-worker.js"]) {
      const answer = await fetch(`${ADDRESS}${path}`);
      expect(answer.headers.get("content-security-policy")).toContain("default-src 'self'");
    }
    expect((await fetch(`${ADDRESS}../../etc/passwd`)).status).toBe(404);
    expect((await fetch(ADDRESS, { method: "POST", body: program })).status).toBe(501);
  });
});
