import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";
import { VitePWA } from "vite-plugin-pwa";

const OUT = join(import.meta.dirname, "..", "dist");
const COMPRESSIBLE = /\.(js|css|html|json|svg|wasm|webmanifest)$/;

/** Writes a Brotli and a gzip copy beside every file that gains by it, so that the server need not compress. */
function compressed(): Plugin {
    return {
        name: "compressed-copies",
        apply: "build",
        enforce: "post",
        closeBundle: {
            sequential: true,
            order: "post",
            handler() {
                for (const entry of readdirSync(OUT, { recursive: true, withFileTypes: true })) {
                    if (!entry.isFile() || !COMPRESSIBLE.test(entry.name)) continue;
                    const path = join(entry.parentPath, entry.name);
                    const bytes = readFileSync(path);
                    const quality = {
                        params: { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_LGWIN]: 22 },
                    };
                    writeFileSync(`${path}.br`, brotliCompressSync(bytes, quality));
                    writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
                }
            },
        },
    };
}

/** Where a part of the app is put: the desk's own apart from what phones keep. */
function fileNames({ moduleIds }: { moduleIds: readonly string[] }): string {
    const own = moduleIds.length > 0 && moduleIds.every((id) => id.includes("/src/desk/"));
    return own ? "assets/desk/[name]-[hash].js" : "assets/[name]-[hash].js";
}

export default defineConfig({
    root: import.meta.dirname,
    base: "/app/",
    cacheDir: join(import.meta.dirname, "..", "..", "..", ".cache", "vite"),
    build: {
        outDir: OUT,
        emptyOutDir: true,
        target: "es2022",
        assetsInlineLimit: 0,
        chunkSizeWarningLimit: 400,
        rolldownOptions: {
            input: [join(import.meta.dirname, "index.html"), join(import.meta.dirname, "desk.html")],
            // The desk's own files lie apart, so that no phone keeps them for the time without a line.
            output: { chunkFileNames: fileNames, assetFileNames: "assets/[name]-[hash][extname]" },
        },
    },
    worker: { format: "es" },
    plugins: [
        svelte(),
        VitePWA({
            strategies: "injectManifest",
            srcDir: "src",
            filename: "sw.ts",
            injectRegister: false,
            injectManifest: {
                globPatterns: ["**/*.{js,css,html,svg,png,json,wasm,webmanifest}"],
                globIgnores: ["desk.html", "assets/desk*", "assets/desk/**"],
                maximumFileSizeToCacheInBytes: 3 << 20,
            },
            manifest: {
                id: "/app/",
                name: "Lotproof",
                short_name: "Lotproof",
                description: "Check where a vaccine or mask comes from, with or without a line.",
                start_url: "/app/",
                scope: "/app/",
                display: "standalone",
                background_color: "#ffffff",
                theme_color: "#0b3d5c",
                icons: [
                    { src: "icon-192.png", sizes: "192x192", type: "image/png" },
                    { src: "icon-512.png", sizes: "512x512", type: "image/png" },
                    { src: "icon-512.png", sizes: "512x512", type: "image/png", purpose: "maskable" },
                ],
            },
        }),
        compressed(),
    ],
    test: { environment: "node", include: ["src/**/*.test.ts"] },
} as Parameters<typeof defineConfig>[0]);
