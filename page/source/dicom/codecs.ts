/** Decoders of compressed films: WebAssembly of libraries in use, loaded when the first film needs one. */

/** Where a decoder's WebAssembly is read from: the page's own folder, or a disk in tests. */
export type LoadBinary = (name: string) => Promise<ArrayBuffer>;

export interface FrameInfo {
  readonly width: number;
  readonly height: number;
  readonly bitsPerSample: number;
  readonly componentCount: number;
  readonly isSigned?: boolean;
}

/** A decoder: bytes in, bytes out; `delete` frees its memory. */
export interface FrameDecoder {
  getEncodedBuffer(size: number): Uint8Array;
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): FrameInfo;
  decode(): void;
  delete(): void;
}
export type JpegDecoder = FrameDecoder;

interface Module<Name extends string> {
  readonly constructors: Record<Name, new () => FrameDecoder>;
}

/** The decoders, each loaded once. */
export interface Codecs {
  jpeg(): Promise<Module<"JPEGDecoder">["constructors"]>;
  jpegLs(): Promise<Module<"JpegLSDecoder">["constructors"]>;
  jpeg2000(): Promise<Module<"J2KDecoder">["constructors"]>;
}

type Factory = (options: object) => Promise<unknown>;

/** Return decoders whose WebAssembly is read by `load`. */
export function openCodecs(load: LoadBinary): Codecs {
  const once = <T>(name: string, factory: () => Promise<{ default: unknown }>) => {
    let opened: Promise<T> | null = null;
    return () => (opened ??= started<T>(name, load, factory));
  };
  return {
    jpeg: once(
      "libjpegturbowasm_decode.wasm",
      () => import("@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs"),
    ),
    jpegLs: once("charlswasm_decode.wasm", () => import("@cornerstonejs/codec-charls/decodewasmjs")),
    jpeg2000: once("openjpegwasm_decode.wasm", () => import("@cornerstonejs/codec-openjpeg/decodewasmjs")),
  };
}

async function started<T>(
  name: string,
  load: LoadBinary,
  factory: () => Promise<{ default: unknown }>,
): Promise<T> {
  const [{ default: make }, wasmBinary] = await Promise.all([factory(), load(name)]);
  const silent = { print: () => undefined, printErr: () => undefined }; // their texts can hold tags
  return (await (make as Factory)({ wasmBinary: new Uint8Array(wasmBinary), ...silent })) as T;
}
