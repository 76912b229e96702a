/** One of several tabs at a time. */

/** Do something while no other tab does it; a tab that dies lets go. Browsers without locks have to do without. */
export async function alone(name: string, work: () => Promise<void>): Promise<void> {
    const locks = (navigator as Partial<Navigator>).locks;
    await (locks === undefined ? work() : locks.request(name, work));
}
