/** Keeps the app itself on the device, and says when a newer one is there. */

import { scriptUrl } from "./trusted";

/**
 * Register the service worker.
 *
 * @param renewed Is given what to call so that the new version takes over.
 */
export async function install(renewed: (use: () => void) => void): Promise<void> {
    if (!("serviceWorker" in navigator)) return; // plain HTTP: the app works, but not without a line
    const before = navigator.serviceWorker.controller;
    const registration = await navigator.serviceWorker.register(scriptUrl("/app/sw.js"), { scope: "/app/" });
    const offer = (worker: ServiceWorker): void => {
        renewed(() => {
            navigator.serviceWorker.addEventListener("controllerchange", () => {
                location.reload();
            });
            worker.postMessage("take-over");
        });
    };
    if (registration.waiting !== null && before !== null) offer(registration.waiting);
    registration.addEventListener("updatefound", () => {
        const worker = registration.installing;
        worker?.addEventListener("statechange", () => {
            if (worker.state === "installed" && before !== null) offer(worker);
        });
    });
}
