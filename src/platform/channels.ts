/** Named channels that the whole process listens to; `channels.browser.ts` is the twin. */
import { builtInModule } from "./built-in-module.js";

const { channel, subscribe, unsubscribe } = builtInModule("node:diagnostics_channel");

type Channel = ReturnType<typeof channel>;

export { type Channel, channel, subscribe, unsubscribe };
