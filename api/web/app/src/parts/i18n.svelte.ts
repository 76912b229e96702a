/** The message catalogue: English is always there, the chosen language is loaded when it is chosen. */

export const LANGUAGES = {
    en: "English",
    id: "Bahasa Indonesia",
    ms: "Bahasa Melayu",
    th: "ไทย",
    vi: "Tiếng Việt",
    tl: "Tagalog",
    km: "ខ្មែរ",
    lo: "ລາວ",
    my: "မြန်မာ",
    zh: "中文",
    fr: "Français",
} as const;
export type Language = keyof typeof LANGUAGES;
export type Catalogue = Readonly<Record<string, string>>;

const english = Object.assign(
    {},
    ...Object.values(import.meta.glob<Catalogue>("../messages/en/*.json", { eager: true, import: "default" })),
) as Catalogue;
const others = import.meta.glob<Catalogue>(["../messages/*/*.json", "!../messages/en/*.json"], { import: "default" });

const chosen = $state<{ language: Language; catalogue: Catalogue }>({ language: "en", catalogue: english });

/** The language in use. */
export function language(): Language {
    return chosen.language;
}

/** Whether a text is one of the languages' codes. */
export function isLanguage(code: string): code is Language {
    return Object.hasOwn(LANGUAGES, code);
}

/** The language that the browser asks for, as far as there is one. */
export function preferredLanguage(wanted: readonly string[]): Language {
    for (const tag of wanted) {
        const code = tag.toLowerCase().split("-")[0] ?? "";
        const known = code === "fil" ? "tl" : code;
        if (isLanguage(known)) return known;
    }
    return "en";
}

/** Change the language; English texts stand in for what cannot be loaded. */
export async function useLanguage(wanted: Language): Promise<void> {
    const files = Object.entries(others).filter(([path]) => path.startsWith(`../messages/${wanted}/`));
    const loaded = await Promise.allSettled(files.map(([, load]) => load()));
    const texts = loaded.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    chosen.catalogue = Object.assign({}, english, ...texts) as Catalogue;
    chosen.language = wanted;
    document.documentElement.lang = wanted;
}

/** Add English texts that one part of the app alone needs. */
export function addTexts(texts: Catalogue): void {
    Object.assign(english, texts);
    chosen.catalogue = { ...chosen.catalogue, ...texts };
}

/** The text of a key, with `{name}` replaced by its value; the key itself if there is none, so that it is seen. */
export function t(key: string, values: Readonly<Record<string, string | number>> = {}): string {
    const text = chosen.catalogue[key] ?? key;
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
        const value = values[name];
        if (value === undefined) return whole;
        return typeof value === "number" ? count(value) : value;
    });
}

/** The English text of a key as it stands, for what the server says in English; "" if there is none. */
export function englishText(key: string): string {
    return english[key] ?? "";
}

/** Whether there is a text of that key. */
export function hasText(key: string): boolean {
    return Object.hasOwn(chosen.catalogue, key);
}

/** A number as the language writes it, with digits that everybody who scans can read. */
export function count(value: number): string {
    return new Intl.NumberFormat(locale()).format(value);
}

/** A moment, given as ISO 8601 or Unix seconds, in the phone's own time zone. */
export function moment(when: string | number): string {
    const date = new Date(typeof when === "number" ? when * 1000 : when);
    if (Number.isNaN(date.getTime())) return String(when);
    return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(date);
}

/** A day, given as YYYY-MM-DD; a day has no time zone. */
export function day(when: string): string {
    const date = new Date(`${when}T00:00:00Z`);
    if (Number.isNaN(date.getTime())) return when;
    return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeZone: "UTC" }).format(date);
}

/** The platform's name for the language, with Latin digits and the common calendar; English writes the day first. */
function locale(): string {
    const names: Partial<Record<Language, string>> = { en: "en-GB", tl: "fil" };
    return `${names[chosen.language] ?? chosen.language}-u-nu-latn-ca-gregory`;
}
