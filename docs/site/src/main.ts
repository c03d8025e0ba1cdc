const worker = new Worker(new URL("./coordinator.ts", import.meta.url), { type: "module" });
(globalThis as any).reports = [];
(globalThis as any).post = (x: unknown) => worker.postMessage(x);
worker.onmessage = ({ data }) => (globalThis as any).reports.push(data);
worker.onerror = (e) => (globalThis as any).reports.push({ type: "failed", message: e.message });
