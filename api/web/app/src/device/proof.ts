export interface ProofAnswer {
    readonly holds: boolean;
    readonly events: number;
    readonly block: number;
    readonly time: number;
    readonly hash: string;
    readonly rule: string;
    readonly detail: string;
}
export function checkFromServer(proof: string): Promise<ProofAnswer> {
    return Promise.reject(new Error(proof));
}
