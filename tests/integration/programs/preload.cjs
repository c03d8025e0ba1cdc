/** See preload.mjs. */
import("./preload.mjs");
