export class Child { constructor(..._: unknown[]) { throw new Error("none"); } send(_: unknown): void {} kill(): void {} ref(): void {} unref(): void {} }
