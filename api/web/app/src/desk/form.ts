/** Forms for acts on cases and operations: which fields an act has, and what is sent of them. */

export interface FieldSpec {
    readonly name: string;
    readonly kind: "text" | "words" | "whole" | "time" | "choice" | "choices";
    /** Key of the message that names it; `field.` and its name if it is left out. */
    readonly label?: string;
    /** Characters that fit, if they are not as many as usual. */
    readonly most?: number;
    /** The browser asks for it before anything is sent. */
    readonly needed?: boolean;
    /** Of a choice. */
    readonly options?: readonly { readonly value: string; readonly label: string }[];
    /** Whether what is chosen is sent as a number. */
    readonly whole?: boolean;
    /** What stands in it at first. */
    readonly value?: string;
    /** Whether nothing says something too, and is sent. */
    readonly empty?: boolean;
}

export type Values = Readonly<Record<string, string | readonly string[]>>;

/**
 * What is sent of a form: texts without spaces about them, whole numbers as such, times in UTC; what was left empty is
 * left out.
 *
 * @param fields - of the form
 * @param values - as they stand in it; times in the reader's own zone
 */
export function payloadOf(fields: readonly FieldSpec[], values: Values): Record<string, unknown> {
    const given: Record<string, unknown> = {};
    for (const { name, kind, whole = kind === "whole", empty } of fields) {
        const value = values[name] ?? "";
        if (typeof value !== "string") given[name] = value.map(Number);
        else if (value.trim() !== "") given[name] = whole ? Number(value) : written(kind, value.trim());
        else if (empty) given[name] = "";
    }
    return given;
}

function written(kind: FieldSpec["kind"], value: string): unknown {
    return kind === "time" ? new Date(value).toISOString().replace(/\.\d+Z$/, "Z") : value;
}

/** What a form begins with. */
export function beginning(fields: readonly FieldSpec[]): Record<string, string | string[]> {
    return Object.fromEntries(
        fields.map(({ name, kind, value, options, needed }) => [
            name,
            kind === "choices" ? [] : (value ?? (kind === "choice" && needed ? (options?.[0]?.value ?? "") : "")),
        ]),
    );
}
