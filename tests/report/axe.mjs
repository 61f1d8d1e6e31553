// node axe.mjs PACKAGES CHROMIUM FILE...: what axe-core finds wrong in each page, all folds open, as one line of JSON:
// a list of {file, scheme, width, violations, overhang}. PACKAGES is a folder with axe-core and playwright-core.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [packages, executablePath, ...files] = process.argv.slice(2);
const require = createRequire(`${packages}/`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const browser = await chromium.launch({
  executablePath, args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
});
const found = [];
for (const file of files) {
  for (const [width, colorScheme] of [[1280, "light"], [390, "dark"]]) {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme, bypassCSP: true });
    await page.goto(pathToFileURL(file).href);
    const closed = await page.locator("details:not([open])").count();
    await page.locator("details > summary").first().focus().catch(() => {});
    await page.evaluate(() => document.querySelectorAll("details").forEach((fold) => { fold.open = true; }));
    await page.evaluate(axe);
    const violations = await page.evaluate(async () =>
      (await window.axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 160)}`));
    const overhang = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    found.push({ file, scheme: colorScheme, width, closed, violations, overhang });
    await page.close();
  }
}
await browser.close();
console.log(JSON.stringify(found));
