/** How the page is built: three programs, WebAssembly and licences beside them, everything below one folder. */

import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";

import { build, defineConfig, type Plugin } from "vite";

const root = import.meta.dirname;
const OUT = join(root, "dist");
const RUNTIME = [
  "@litertjs/core/wasm/litert_wasm_compat_internal.js",
  "@litertjs/core/wasm/litert_wasm_compat_internal.wasm",
  "@cornerstonejs/codec-libjpeg-turbo-8bit/dist/libjpegturbowasm_decode.wasm",
  "@cornerstonejs/codec-charls/dist/charlswasm_decode.wasm",
  "@cornerstonejs/codec-openjpeg/dist/openjpegwasm_decode.wasm",
];

/** Return the licences of the packages that the page is made of. */
function licences(): string {
  const names = Object.keys(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).dependencies);
  return [...names, "@litertjs/wasm-utils"]
    .map((name) => {
      const place = join(root, "node_modules", name);
      const { version, license, repository } = JSON.parse(readFileSync(join(place, "package.json"), "utf8"));
      const text = ["LICENSE", "LICENSE.md", "LICENCE"].map((file) => join(place, file)).find(existsSync);
      const where = typeof repository === "string" ? repository : (repository?.url ?? "");
      return `${name} ${version}: ${license} ${where}\n\n${text ? readFileSync(text, "utf8") : ""}`;
    })
    .join("\n\n----\n\n");
}

/** Lay the WebAssembly beside the page, and build the program that keeps it on a device. */
function beside(): Plugin {
  return {
    name: "beside-the-page",
    apply: "build",
    async closeBundle() {
      mkdirSync(join(OUT, "runtime"), { recursive: true });
      for (const file of RUNTIME)
        copyFileSync(resolve(root, "node_modules", file), join(OUT, "runtime", basename(file)));
      writeFileSync(join(OUT, "licences.txt"), licences());
      await build({
        configFile: false,
        root,
        logLevel: "warn",
        publicDir: false,
        build: {
          outDir: OUT,
          emptyOutDir: false,
          target: "es2022",
          lib: {
            entry: join(root, "source/worker/service_worker.ts"),
            formats: ["iife"],
            name: "radlibServiceWorker",
            fileName: () => "service-worker.js",
          },
        },
      });
    },
  };
}

export default defineConfig({
  base: "./",
  build: { target: "es2022", modulePreload: false, assetsInlineLimit: 0, chunkSizeWarningLimit: 2000 },
  worker: { format: "iife" },
  plugins: [beside()],
  test: {
    include: ["tests/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    maxConcurrency: 2, // of what a file asks for at once
  },
} as Parameters<typeof defineConfig>[0]);
