import { defineKernel } from "sharray";

export const pid = defineKernel(import.meta.url, "pid", () => process.pid, { threadSafe: false });
