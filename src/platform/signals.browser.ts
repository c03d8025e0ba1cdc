/** In browsers threads.js installs none. */
export function withoutSignalHandlers<T>(load: () => Promise<T>): Promise<T> {
  return load();
}
