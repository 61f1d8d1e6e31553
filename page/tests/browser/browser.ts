/** Debian's Chromium, a proxy that counts whatever leaves it, and a page made of real bundles. */

import { existsSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import { resolve } from "node:path";

import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";

export const CHROMIUM = process.env.RADLIB_CHROMIUM ?? "/usr/bin/chromium";
/** Where `radlib page --serve` shows the page. */
export const ADDRESS = process.env.RADLIB_PAGE ?? "";
export const BUNDLES = (process.env.RADLIB_BUNDLES ?? "").split(":").filter(Boolean);
export const WITHOUT = !ADDRESS || !existsSync(CHROMIUM);

// What Chromium asks for itself, on an empty page as well; that the page asks nobody is seen by the browser's own events.
const CHROMIUMS_OWN = /^CONNECT [\w.-]+\.(google|googleapis)\.com:443$/;

/** A proxy through which everything goes. */
export interface Proxy {
  readonly port: number;
  /** Every address that was asked for. */
  readonly asked: string[];
  /** How much came through. */
  bytes: number;
  /** What is answered in place of a file of the page, by its path. */
  readonly instead: Map<string, string>;
  /** Whether there is no network. */
  cut: boolean;
  close(): void;
}

export async function startProxy(): Promise<Proxy> {
  const asked: string[] = [];
  const server = http.createServer((request, answer) => {
    asked.push(request.url ?? "");
    const instead = proxy.instead.get(request.url?.replace(ADDRESS, "") ?? "");
    if (instead !== undefined && !proxy.cut)
      return void answer.writeHead(200, { "Content-Type": "text/javascript" }).end(instead);
    if (proxy.cut || !request.url?.startsWith(ADDRESS)) return void answer.writeHead(502).end();
    const forwarded = http.request(
      request.url,
      { headers: request.headers, method: request.method },
      (found) => {
        answer.writeHead(found.statusCode ?? 502, found.headers);
        found.on("data", (part: Buffer) => (proxy.bytes += part.length));
        found.pipe(answer);
      },
    );
    forwarded.on("error", () => answer.writeHead(502).end());
    request.pipe(forwarded);
  });
  server.on("connect", (request, socket) => {
    const asks = `CONNECT ${request.url}`;
    if (!CHROMIUMS_OWN.test(asks)) asked.push(asks);
    socket.end("HTTP/1.1 502 no\r\n\r\n");
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as net.AddressInfo;
  const proxy: Proxy = {
    port,
    asked,
    instead: new Map(),
    cut: false,
    bytes: 0,
    close: () => void server.close(),
  };
  return proxy;
}

/** Start Chromium; with a proxy even loopback goes through it. */
export function startBrowser(proxy?: Proxy): Promise<Browser> {
  const through = proxy
    ? [`--proxy-server=http://127.0.0.1:${proxy.port}`, "--proxy-bypass-list=<-loopback>"]
    : [];
  const quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];
  const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", ...quiet, ...through];
  return chromium.launch({ executablePath: CHROMIUM, args });
}

/** A page, and what went wrong on it. */
export interface Opened {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly wrong: string[];
}

/** Open the page and wait until it is ready to read. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ locale: "en-GB", ...options });
  const page = await context.newPage();
  const wrong: string[] = [];
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") wrong.push(message.text());
  });
  await page.goto(ADDRESS);
  await ready(page);
  return { context, page, wrong };
}

/** Wait until the page is ready to read. */
export async function ready(page: Page): Promise<void> {
  await page.waitForFunction(() => document.documentElement.dataset.state === "ready", null, {
    timeout: 60_000,
  });
}

/** Give films to the page and wait until all have an answer. */
export async function read(
  page: Page,
  films: Parameters<Page["setInputFiles"]>[1],
  seconds = 120,
): Promise<void> {
  await page.setInputFiles("input[type=file] >> nth=0", films);
  await allRead(page, seconds);
}

/** Wait until all films have an answer. */
export async function allRead(page: Page, seconds = 120): Promise<void> {
  await page.waitForFunction(
    () => /^(Done|Terminé|Hecho)/.test(document.querySelector(".status")?.textContent ?? ""),
    null,
    { timeout: seconds * 1000 },
  );
}

/** Return a film of the first bundle's vectors. */
export function film(name: string): string {
  return resolve(BUNDLES[0], "conformance/films", name);
}
