export function serialize(_value: unknown): Uint8Array { throw new Error("none"); }
export function deserialize(_bytes: Uint8Array): unknown { throw new Error("none"); }
