/**
 * The spectrogram of a sound that rises, one that swings, and a chord that fades.
 *
 * Fast because a row of the sound is a step of the window, and the halo shows the rows behind it: windows that overlap are views of
 * one array.
 */
import type { Executor } from "sharray";
import { INFERNO, type Picture, png } from "./picture.js";

/** Cosines and sines for a transform of `n` points, a power of two. */
export function tables(n: number): { cos: Float64Array; sin: Float64Array } {
  const angle = (k: number): number => (2 * Math.PI * k) / n;
  return {
    cos: Float64Array.from({ length: n / 2 }, (_, k) => Math.cos(angle(k))),
    sin: Float64Array.from({ length: n / 2 }, (_, k) => Math.sin(angle(k))),
  };
}

/** The discrete Fourier transform, in place: Cooley and Tukey's, radix two. */
export function fft(
  re: Float64Array,
  im: Float64Array,
  { cos, sin }: Readonly<ReturnType<typeof tables>>,
): void {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j]!, re[i]!];
      [im[i], im[j]] = [im[j]!, im[i]!];
    }
  }
  for (let size = 2; size <= n; size *= 2) {
    const half = size / 2;
    const step = n / size;
    for (let from = 0; from < n; from += size) {
      for (let k = 0; k < half; k++) {
        const a = from + k;
        const b = a + half;
        const c = cos[k * step]!;
        const s = sin[k * step]!;
        const x = re[b]! * c + im[b]! * s;
        const y = im[b]! * c - re[b]! * s;
        re[b] = re[a]! - x;
        im[b] = im[a]! - y;
        re[a]! += x;
        im[a]! += y;
      }
    }
  }
}

/** The amplitude of each frequency, a row of `size / 2` for every `hop` samples; a sine of amplitude 1 shows as 1. */
export function spectrogram(
  executor: Executor,
  sound: Float32Array,
  size: number,
  hop: number,
): Promise<Float32Array<SharedArrayBuffer>> {
  const roots = tables(size);
  const hann = Float64Array.from({ length: size }, (_, k) => 0.5 - 0.5 * Math.cos((2 * Math.PI * k) / size));
  const bins = size / 2;
  return executor.transformShared(
    sound,
    { type: Float32Array, per: bins },
    (view, out, { start, end, scratch }) => {
      const re = scratch(Float64Array, size);
      const im = scratch(Float64Array, size);
      for (let row = 0; row < end - start; row++) {
        for (let k = 0; k < size; k++) re[k] = hann[k]! * (view[row * hop + k] ?? 0);
        im.fill(0);
        fft(re, im, roots);
        for (let k = 0; k < bins; k++) out[row * bins + k] = (4 / size) * Math.hypot(re[k]!, im[k]!);
      }
    },
    { rowLength: hop, halo: { after: size / hop - 1 } },
  );
}

/** A sound of tones, each a frequency and a loudness over time in seconds. */
export function synthesise(
  rate: number,
  seconds: number,
  tones: readonly [frequency: (t: number) => number, loudness: (t: number) => number][],
): Float32Array {
  const sound = new Float32Array(Math.floor(rate * seconds));
  for (const [frequency, loudness] of tones) {
    let phase = 0;
    for (let i = 0; i < sound.length; i++) {
      sound[i]! += loudness(i / rate) * Math.sin(phase);
      phase += (2 * Math.PI * frequency(i / rate)) / rate;
    }
  }
  return sound;
}

export default async function draw(executor: Executor): Promise<Picture> {
  const [rate, seconds, size, hop] = [16_000, 9.6, 1024, 256];
  const chord = [523.25, 659.26, 783.99, 1046.5, 1318.51, 1567.98];
  const sound = synthesise(rate, seconds, [
    [(t) => 300 + 6500 * (t / seconds) ** 2, () => 0.6],
    [(t) => 4500 + 900 * Math.sin(2 * Math.PI * 0.7 * t), () => 0.3],
    ...chord.map(
      (tone) => [() => tone, (t: number) => 0.8 * Math.exp(-2 * (t % 3.2))] as const satisfies unknown[],
    ),
  ]);
  const amplitudes = await spectrogram(executor, sound, size, hop);
  const [bins, rows] = [size / 2, sound.length / hop];
  console.log(`${rows} spectra of ${bins} frequencies, of ${seconds} seconds of sound`);
  // Time to the right, low frequencies at the bottom, 60 decibels from black to white.
  const pixels = Uint8Array.from({ length: rows * bins }, (_, at) => {
    const [time, bin] = [at % rows, bins - 1 - Math.floor(at / rows)];
    const decibels = 20 * Math.log10(amplitudes[time * bins + bin]! + 1e-9);
    return 255 * Math.min(1, Math.max(0, 1 + decibels / 60));
  });
  return png(pixels, rows, INFERNO);
}
