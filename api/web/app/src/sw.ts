/// <reference lib="webworker" />
/** The service worker: the app's own files are kept on the device, and nothing else; answers of the server never are. */

import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute } from "workbox-precaching";
import { NavigationRoute, registerRoute } from "workbox-routing";
import { SYNC_TAG, syncAll } from "./device/background";

declare const self: ServiceWorkerGlobalScope & { __WB_MANIFEST: { url: string; revision: string | null }[] };

cleanupOutdatedCaches();
precacheAndRoute(self.__WB_MANIFEST);
registerRoute(new NavigationRoute(createHandlerBoundToURL("index.html")));

self.addEventListener("message", (event) => {
    if (event.data === "take-over") void self.skipWaiting();
});
self.addEventListener("activate", (event) => {
    event.waitUntil(self.clients.claim());
});
// What was signed where there was no line goes out when there is one again, though the app may be closed.
self.addEventListener("sync", (event) => {
    const woken = event as ExtendableEvent & { readonly tag: string };
    if (woken.tag === SYNC_TAG) woken.waitUntil(syncAll());
});

export {};
