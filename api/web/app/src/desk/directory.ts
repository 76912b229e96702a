/** Who else is on the ledger. */

import { getJson } from "../device/api";
import type { Who } from "./casework";

interface Listed extends Who {
    readonly roles: readonly string[];
    readonly active: boolean;
}

const ADMINISTRATIONS = new Set(["CUSTOMS", "REGULATOR"]);

/** The customs administrations and regulators of the ledger, by name. */
export async function administrations(): Promise<readonly Who[]> {
    const { organisations } = await getJson<{ readonly organisations: readonly Listed[] }>("/v1/organisations");
    return organisations
        .filter(({ roles, active }) => active && roles.some((role) => ADMINISTRATIONS.has(role)))
        .map(({ number, name }) => ({ number, name }))
        .sort((one, other) => one.name.localeCompare(other.name));
}
