/** The release that this is; compared when two threads connect. `tests/unit/bridge/version.test.ts` holds it. */
export const VERSION = "0.1.0";
