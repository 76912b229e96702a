export interface DeviceKey {
    readonly signer: string;
    readonly made_at: number;
}
export async function deviceKey(): Promise<DeviceKey | null> {
    return null;
}
