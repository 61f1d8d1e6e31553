/** A film as grey levels, and the arithmetic that it shares with the desk. */

/** A film: `values[row * width + column]` in [0, 1]; air is dark and bone is bright. */
export interface Grey {
  readonly height: number;
  readonly width: number;
  readonly values: Float32Array;
}

/** Stored integers of 8 or 16 bits as bit patterns, before anything is known of what they mean. */
export interface Stored {
  readonly height: number;
  readonly width: number;
  readonly values: Uint8Array | Uint16Array;
}

/** Round to the nearest integer, halves to the even one, as Python and NumPy do. */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/** Keep a number between two others. */
export function clip(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}
