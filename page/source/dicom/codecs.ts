/** Decoders of compressed films: WebAssembly of libraries in use, loaded when the first film needs one. */

import { MAX_PIXELS, UnreadableFilm } from "../films/reasons";

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

type Decoders<Name extends string> = Record<Name, new () => FrameDecoder>;

/** The decoders, each loaded once. */
export interface Codecs {
  jpeg(): Promise<Decoders<"JPEGDecoder">>;
  jpegLs(): Promise<Decoders<"JpegLSDecoder">>;
  jpeg2000(): Promise<Decoders<"J2KDecoder">>;
  /** Start all anew: one that stumbled over a film may be in any state. */
  renew(): void;
  /** Start all before a film needs one. */
  warm(): Promise<unknown>;
}

type Factory = (options: object) => Promise<unknown>;

/** Return decoders whose WebAssembly is read by `load`. */
export function openCodecs(load: LoadBinary): Codecs {
  const opened = new Map<string, Promise<unknown>>();
  const once = <T>(name: string, factory: () => Promise<{ default: unknown }>) => {
    return () => {
      const there = opened.get(name) ?? started<T>(name, load, factory);
      opened.set(name, there);
      return there as Promise<T>;
    };
  };
  const codecs = {
    renew: () => opened.clear(),
    warm: () => Promise.all([codecs.jpeg(), codecs.jpegLs(), codecs.jpeg2000()]),
    jpeg: once<Decoders<"JPEGDecoder">>(
      "libjpegturbowasm_decode.wasm",
      () => import("@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs"),
    ),
    jpegLs: once<Decoders<"JpegLSDecoder">>(
      "charlswasm_decode.wasm",
      () => import("@cornerstonejs/codec-charls/decodewasmjs"),
    ),
    jpeg2000: once<Decoders<"J2KDecoder">>(
      "openjpegwasm_decode.wasm",
      () => import("@cornerstonejs/codec-openjpeg/decodewasmjs"),
    ),
  };
  return codecs;
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

/** Decode a frame, and return what it is; refused where it claims more pixels than a film has. */
export function decodeFrame(decoder: FrameDecoder, frame: Uint8Array): FrameInfo {
  decoder.getEncodedBuffer(frame.length).set(frame);
  decoder.decode();
  const found = decoder.getFrameInfo();
  if (found.width * found.height > MAX_PIXELS) throw new UnreadableFilm("too_large");
  return found;
}
