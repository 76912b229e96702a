import { mount } from "svelte";
import App from "./App.svelte";
import { install } from "./device/install";
import { app, begin } from "./parts/state.svelte";
import "./style.css";

const target = document.getElementById("app");
if (target === null) throw new Error("the page has no element for the app");
const place: HTMLElement = target;

function show(): void {
    mount(App, { target: place });
    void install((use) => (app.updated = use)).catch(() => undefined); // without it only the offline mode is missing
}

// A device whose storage is broken or forbidden still scans.
begin().then(show, show);
