import { expect, test } from "vitest";
import { eventsOf, type Told } from "./follow";

async function read(...parts: string[]): Promise<Told[]> {
    const bytes = parts.map((part) => new TextEncoder().encode(part));
    const body = new ReadableStream<Uint8Array>({
        start(controller) {
            for (const part of bytes) controller.enqueue(part);
            controller.close();
        },
    });
    const found: Told[] = [];
    for await (const told of eventsOf(body)) found.push(told);
    return found;
}

test("events come whole, however the line cuts them", async () => {
    const whole = 'event: match\nid: 1-2-0\ndata: {"lot":"Ω1"}\n\n';
    const expected = [{ event: "match", id: "1-2-0", data: { lot: "Ω1" } }];
    expect(await read(whole)).toEqual(expected);
    for (const cut of [3, 20, whole.length - 1]) {
        expect(await read(whole.slice(0, cut), whole.slice(cut))).toEqual(expected);
    }
});

test("what only keeps the line open is no event, and half an event is none", async () => {
    expect(await read("retry: 3000\n\n", ": alive\n\n", 'event: match\nid: 1\ndata: {"a"')).toEqual([]);
    expect(await read("data: 1\n\n")).toEqual([{ event: "message", id: "", data: 1 }]);
});

test("no body has no events", async () => {
    const found: Told[] = [];
    for await (const told of eventsOf(null)) found.push(told);
    expect(found).toEqual([]);
});
