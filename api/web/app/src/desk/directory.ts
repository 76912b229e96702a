/** Who else is on the ledger. */

import { getJson } from "../device/api";
import type { Who } from "./casework";

interface Listed extends Who {
    readonly roles: readonly string[];
    readonly country: string;
    readonly active: boolean;
}

const ADMINISTRATIONS = new Set(["CUSTOMS", "REGULATOR"]);

async function listed(): Promise<readonly Listed[]> {
    return (await getJson<{ readonly organisations: readonly Listed[] }>("/v1/organisations")).organisations;
}

/** The operators of a country, by name: who makes, carries, sells or dispenses there. */
export async function operators(country: string): Promise<readonly Who[]> {
    return (await listed())
        .filter(
            (each) => each.active && each.country === country && each.roles.some((role) => !ADMINISTRATIONS.has(role)),
        )
        .map(({ number, name }) => ({ number, name }))
        .sort((one, other) => one.name.localeCompare(other.name));
}

/** The customs administrations and regulators of the ledger, by name. */
export async function administrations(): Promise<readonly Who[]> {
    return (await listed())
        .filter(({ roles, active }) => active && roles.some((role) => ADMINISTRATIONS.has(role)))
        .map(({ number, name }) => ({ number, name }))
        .sort((one, other) => one.name.localeCompare(other.name));
}
