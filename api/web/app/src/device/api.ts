export class Problem extends Error {
    constructor(
        readonly detail: string,
        readonly advice = "",
        readonly status = 0,
    ) {
        super(detail);
    }
}
export class Offline extends Error {}
export async function getJson<T>(path: string, options: { timeout?: number } = {}): Promise<T> {
    let r: Response;
    try {
        r = await fetch(path, {
            signal: AbortSignal.timeout(options.timeout ?? 8000),
            headers: { accept: "application/json" },
        });
    } catch {
        throw new Offline();
    }
    if (!r.ok) {
        const p = (await r.json()) as { detail: string; advice?: string };
        throw new Problem(p.detail, p.advice, r.status);
    }
    return (await r.json()) as T;
}
