/** Addresses of our own scripts, vouched for once: the content policy lets no other text become one. */

interface Policy {
    createScriptURL(address: string): string;
}
declare global {
    interface Window {
        readonly trustedTypes?: {
            createPolicy(name: string, rules: { createScriptURL(address: string): string }): Policy;
        };
    }
}

function vouch(address: string): string {
    const url = new URL(address, location.href);
    if (url.origin !== location.origin || !url.pathname.startsWith("/app/"))
        throw new TypeError("not one of our scripts");
    return url.href;
}

const policy: Policy = window.trustedTypes?.createPolicy("lotproof-worker", { createScriptURL: vouch }) ?? {
    createScriptURL: vouch,
};

/** The address of one of our scripts, for a worker or a service worker. */
export function scriptUrl(address: string): string {
    return policy.createScriptURL(address);
}
