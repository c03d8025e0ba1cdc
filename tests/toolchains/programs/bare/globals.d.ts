declare const console: { log(text: string): void };
interface ImportMeta {
  readonly url: string;
}
