import type { Verdict } from "./verdict";
export async function judgeOffline(_t: string, _w: unknown): Promise<Verdict> {
    throw new Error("offline");
}
