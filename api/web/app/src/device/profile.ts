export interface Profile {
    role: "public" | "pharmacy" | "carrier" | "customs" | "manufacturer";
    organisation: number | null;
    place: string | null;
    language: string;
    sound: boolean;
}
export async function readProfile(): Promise<Profile | null> {
    const s = localStorage.getItem("p");
    return s ? (JSON.parse(s) as Profile) : null;
}
export async function writeProfile(p: Profile) {
    localStorage.setItem("p", JSON.stringify(p));
}
