/** Packages that bring no types, as far as they are used. */

declare module "@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs";
declare module "@cornerstonejs/codec-charls/decodewasmjs";
declare module "@cornerstonejs/codec-openjpeg/decodewasmjs";

declare module "jpeg-lossless-decoder-js" {
  export class Decoder {
    readonly xDim: number;
    readonly yDim: number;
    readonly numComp: number;
    readonly frame: { readonly precision: number };
    decode(buffer: ArrayBuffer, offset: number, length: number): Uint8Array | Uint16Array;
  }
}
