/** GS1 codes: read what stands on a pack. Everything here is pure; docs/gs1.md tells the rules. */

export { canonical, type Code, type ReadAnswer, type ReadOptions, readCode } from "./code";
export type { Fault } from "./faults";
export type { Form } from "./recognise";
