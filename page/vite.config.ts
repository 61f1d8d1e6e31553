/** How the page is built: three programs, WebAssembly and licences beside them, everything below one folder. */

import { copyFileSync, mkdirSync } from "node:fs";
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

/** Lay the WebAssembly beside the page, and build the program that keeps it on a device. */
function beside(): Plugin {
  return {
    name: "beside-the-page",
    apply: "build",
    async closeBundle() {
      mkdirSync(join(OUT, "runtime"), { recursive: true });
      for (const file of RUNTIME)
        copyFileSync(resolve(root, "node_modules", file), join(OUT, "runtime", basename(file)));
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
  },
} as Parameters<typeof defineConfig>[0]);
