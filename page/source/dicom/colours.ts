/** Films in colours: planes put beside each other, YBR mixed to RGB as pydicom does, and RGB to luminance. */

import { clip, roundHalfEven, type Stored } from "../films/grey";

const { fround } = Math;
const GREEN_OF_BLUE = fround((-0.114 * 1.772) / 0.587);
const GREEN_OF_RED = fround((-0.299 * 1.402) / 0.587);

/** Return samples of three planes one behind the other, beside each other. */
export function interleaved<T extends Uint8Array | Uint16Array>(values: T, pixels: number): T {
  const result = values.slice() as T;
  for (let n = 0; n < pixels; n++)
    for (let plane = 0; plane < 3; plane++) result[3 * n + plane] = values[plane * pixels + n];
  return result;
}

/** Return YBR_FULL_422 as it is stored uncompressed, two pixels in four bytes, with three samples a pixel. */
export function expanded(values: Uint8Array, pixels: number): Uint8Array {
  const result = new Uint8Array(3 * pixels);
  for (let n = 0; n < pixels; n++) {
    const pair = 4 * (n >> 1);
    result.set([values[pair + (n & 1)], values[pair + 2], values[pair + 3]], 3 * n);
  }
  return result;
}

/** Return RGB of YBR_FULL; PS3.3 C.7.6.3.1.2. */
export function redGreenBlue(values: Uint8Array): Uint8Array {
  const result = new Uint8Array(values.length);
  for (let n = 0; n + 2 < values.length; n += 3) {
    const [y, blue, red] = [values[n], values[n + 1] - 128, values[n + 2] - 128];
    const mixed = [
      fround(y + red * fround(1.402)),
      fround(fround(y + blue * GREEN_OF_BLUE) + red * GREEN_OF_RED),
      fround(y + blue * fround(1.772)),
    ];
    result.set(
      mixed.map((value) => clip(Math.floor(value + 0.5), 0, 255)),
      n,
    );
  }
  return result;
}

/** Return the luminance of RGB, ITU-R BT.601. */
export function luminances(values: Uint8Array | Uint16Array, height: number, width: number): Stored {
  const grey = values.slice(0, height * width);
  for (let n = 0; n < grey.length; n++)
    grey[n] = roundHalfEven(0.299 * values[3 * n] + 0.587 * values[3 * n + 1] + 0.114 * values[3 * n + 2]);
  return { height, width, values: grey };
}
