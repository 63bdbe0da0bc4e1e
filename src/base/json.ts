/** Data that survives `JSON.parse(JSON.stringify(x))`: all that events, ops and tool arguments may hold. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
