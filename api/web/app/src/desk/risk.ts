/** How a risk is called; the bounds are those of the counts by day and route (ledger/core/customs/overview.py). */

export type Band = "none" | "some" | "raised" | "high";

/** The band of a risk, 0 to 100. */
export function bandOf(risk: number): Band {
    if (risk >= 50) return "high";
    if (risk >= 20) return "raised";
    return risk >= 1 ? "some" : "none";
}
