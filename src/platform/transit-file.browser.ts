export const TRANSIT_FD = 4;
export function openTransitFile(): number { throw new Error("none"); }
export function closeFile(_fd: number): void {}
export function emptyFile(_fd: number): void {}
export function writeBytes(_fd: number, _bytes: Uint8Array, _at: number): boolean { return false; }
export function readBytes(_fd: number, _bytes: Uint8Array, _at: number): void {}
