/** A phone on a desk: the page's own thread slowed by Chromium, its worker by a quota of the kernel, and time as somebody has it. */

import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";

import type { Page } from "playwright-core";

const GROUP = "/sys/fs/cgroup/cpu/radlib-page";
const PERIOD_US = 20_000;
const EVERY_MS = 50;

/** Return the ids of Chromium's renderers that a test started. */
export function renderers(): string[] {
  return readdirSync("/proc").filter((id) => {
    const command = /^\d+$/.test(id) ? text(`/proc/${id}/cmdline`) : "";
    return command.includes("--type=renderer") && command.includes("playwright");
  });
}

/** Return a file of the kernel, empty where what it tells of has ended. */
export function text(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/**
 * Slow all workers of all renderers, those to come as well: a part of one processor is what each may have.
 *
 * Chromium's own throttling slows the page's thread alone. Returns what ends it; null where the kernel lets nobody.
 */
export function slowWorkers(rate: number): (() => void) | null {
  try {
    mkdirSync(GROUP, { recursive: true });
    writeFileSync(`${GROUP}/cpu.cfs_period_us`, String(PERIOD_US));
    writeFileSync(`${GROUP}/cpu.cfs_quota_us`, String(PERIOD_US / rate));
  } catch {
    return null;
  }
  const timer = setInterval(() => renderers().forEach(moveWorkers), EVERY_MS);
  return () => {
    clearInterval(timer);
    rmdirSync(GROUP);
  };
}

function moveWorkers(id: string): void {
  try {
    for (const thread of readdirSync(`/proc/${id}/task`))
      if (text(`/proc/${id}/task/${thread}/comm`).startsWith("DedicatedWorker"))
        writeFileSync(`${GROUP}/tasks`, thread);
  } catch {
    return; // ended meanwhile
  }
}

/** Slow the page's own thread. */
export async function slowPage(page: Page, rate: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate });
}

/** Have the page note when a film was answered and when it was seen, in ms since it was chosen, at the next frame. */
export function watch(page: Page): Promise<void> {
  return page.evaluate(() => {
    const noted = window as unknown as Record<string, number>;
    const note = (what: string) =>
      requestAnimationFrame(() => (noted[what] ||= performance.now() - noted.chosen));
    document.addEventListener(
      "change",
      () => Object.assign(noted, { chosen: performance.now(), answered: 0, seen: 0 }),
      true,
    );
    new MutationObserver(() => {
      const done = /^Done/.test(document.querySelector(".status")?.textContent ?? "");
      if (done && document.querySelector(".headline")) note("answered");
      if (document.querySelector("canvas.picture")) note("seen");
    }).observe(document.body, { childList: true, subtree: true });
  });
}
