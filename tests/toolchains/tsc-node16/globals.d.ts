declare const console: { log(text: string): void; error(value: unknown): void };
declare const process: { exitCode: number };
declare const __filename: string;
