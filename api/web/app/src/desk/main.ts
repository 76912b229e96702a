import { mount } from "svelte";
import { beginWith } from "../parts/route.svelte";
import { addTexts, type Catalogue } from "../parts/i18n.svelte";
import Desk from "./Desk.svelte";
import { HOME } from "./navigation";
import { resume } from "./session.svelte";
import "../style.css";
import "./style.css";

const target = document.getElementById("desk");
if (target === null) throw new Error("the page has no element for the desk");
const place: HTMLElement = target;
for (const texts of Object.values(
    import.meta.glob<Catalogue>("./messages/*.json", { eager: true, import: "default" }),
)) {
    addTexts(texts);
}
beginWith(HOME);
void resume().finally(() => mount(Desk, { target: place }));
