/** Named channels that the whole process listens to; `channels.browser.ts` is the twin. */
export { type Channel, channel, subscribe, unsubscribe } from "node:diagnostics_channel";
