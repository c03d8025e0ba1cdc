/** What is told of the machine beside its figures. */
import { cpus, totalmem } from "node:os";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** Size of the pools. */
  readonly workers: number;
  readonly memoryGB: number;
  readonly node: string;
  readonly platform: string;
}

export function describeMachine(workers: number): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    workers,
    memoryGB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}

export function machineLine({ cpu, cores, workers, memoryGB, node, platform }: Machine): string {
  return `${cpu}, ${cores} cores, ${workers} workers, ${memoryGB} GB, ${platform}, Node ${node}`;
}
