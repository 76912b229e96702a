/** The screens of the desk that one goes to from everywhere, in their order; words for them: `desk.nav.…`. */

export const HOME = "overview";
export const NAVIGATION: readonly string[] = [
    HOME,
    "queue",
    "lane",
    "alerts",
    "reports",
    "cases",
    "operations",
    "looks",
];
/** Screens that nobody need sign in for. */
export const PUBLIC: ReadonlySet<string> = new Set(["counts"]);
/** Under which of them a screen stands that is reached from it. */
export const UNDER: Readonly<Record<string, string>> = {
    shipment: "queue",
    import: "queue",
    incident: "reports",
    counts: "reports",
    open: "cases",
    case: "cases",
    operation: "operations",
    attestations: "lane",
    tell: "alerts",
};
