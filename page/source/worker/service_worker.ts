/**
 * The page on this device, whole or not at all.
 *
 * Before this program `radlib page` writes the list of all files with their digests. A version is taken into a store of its
 * own, every file checked; if one is missing or another's, nothing changes. It serves its own files only and asks the
 * network for nothing, so that a page is never half of one version and half of another.
 */

import { sha256 } from "../model/digest";

interface Page {
  readonly version: string;
  readonly files: Record<string, string>; // path → sha256
}

const scope = self as unknown as ServiceWorkerGlobalScope & { radlibPage: Page };
const { version, files } = scope.radlibPage;
const store = `radlib-page-${version}`;
const POLICY =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' blob:; object-src 'none'; " +
  "base-uri 'none'; form-action 'none'";

scope.addEventListener("install", (event) => event.waitUntil(takeAll()));
scope.addEventListener("activate", (event) => event.waitUntil(begin()));
scope.addEventListener("message", (event) => {
  if (event.data === "use") void scope.skipWaiting();
});
scope.addEventListener("fetch", (event) => {
  if (event.request.method === "GET") event.respondWith(answer(event.request));
});

async function takeAll(): Promise<void> {
  const taken = await Promise.all(Object.entries(files).map(take));
  const cache = await caches.open(store);
  await Promise.all(taken.map(([address, response]) => cache.put(address, response)));
}

async function take([path, digest]: [string, string]): Promise<[string, Response]> {
  const address = new URL(path, scope.registration.scope).href;
  for (const cache of ["default", "reload"] as const) {
    const response = await fetch(address, { cache });
    if (!response.ok) continue;
    const content = await response.arrayBuffer();
    if ((await sha256(content)) !== digest) continue; // an older one that the browser had kept
    const type = response.headers.get("Content-Type") ?? "application/octet-stream";
    const headers = {
      "Content-Type": type,
      "Content-Security-Policy": POLICY,
      "X-Content-Type-Options": "nosniff",
    };
    return [address, new Response(content, { headers })];
  }
  throw new Error(`${path} is not that of version ${version}`);
}

async function begin(): Promise<void> {
  const names = await caches.keys();
  const older = names.filter((name) => name.startsWith("radlib-page-") && name !== store);
  await Promise.all(older.map((name) => caches.delete(name)));
  await scope.clients.claim();
}

async function answer(request: Request): Promise<Response> {
  const address = new URL(request.url);
  address.search = address.hash = "";
  if (address.href === scope.registration.scope) address.pathname += "index.html";
  const found = await (await caches.open(store)).match(address.href);
  return found ?? new Response("", { status: 404 });
}
