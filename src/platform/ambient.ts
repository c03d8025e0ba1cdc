/**
 * Names that the public types use and that a program's `lib` may lack: before `esnext.disposable`, and without `dom` or
 * @types/node. If it has them, these add nothing.
 */
declare global {
  interface SymbolConstructor {
    readonly dispose: unique symbol;
    readonly asyncDispose: unique symbol;
  }
  interface Disposable {
    [Symbol.dispose](): void;
  }
  interface AsyncDisposable {
    [Symbol.asyncDispose](): PromiseLike<void>;
  }
  interface AbortSignal {}
  interface DOMException {}
  interface MessagePort {}
  interface URL {}
  namespace WebAssembly {
    interface Module {}
  }
}

export {};
