import { expect, test } from "vitest";
import { named } from "./named";

test.each([
    ["Held by Singapore Customs", "Held by {who}", "Singapore Customs"],
    ["Merck never registered this lot", "{who} never registered this lot", "Merck"],
    ["Its maker, A & B (demo), was suspended", "Its maker, {who}, was suspended", "A & B (demo)"],
    ["Held by Customs (as of 3 hours ago, 7 blocks behind)", "Held by {who}", "Customs"],
    ["Recalled by X: GTIN 00359267102522 lot A:1, one of 2 batches on it", "Recalled by {who}", "X"],
    ["Recalled by {who}", "Recalled by {who}", "{who}"],
])("%s names whom its sentence says", (headline, template, who) => {
    expect(named(headline, template)).toBe(who);
});

test.each([
    ["Expired", "Expired"],
    ["Expired", "Held by {who}"],
    ["Held by ", "Held by {who}"],
    ["Merck registered another lot, and this one too", "{who} never registered this lot"],
    ["Never held by Customs", "Held by {who}"],
    ["", "{who}"],
])("%j names nobody by %j", (headline, template) => {
    expect(named(headline, template)).toBeNull();
});
