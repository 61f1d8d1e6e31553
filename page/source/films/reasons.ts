/** Why a film cannot be read: the desk's closed list of reasons; `texts/` holds a sentence for each. */

export const MAX_PIXELS = 100_000_000;
export const MAX_FILE_BYTES = 500_000_000;

export const REASONS = [
  "not_a_file",
  "empty_file",
  "unknown_content",
  "too_large",
  "damaged",
  "unsupported_compression",
  "no_pixels",
  "several_frames",
  "not_grey",
  "invalid_values",
  "timeout",
  "worker_died",
] as const;

export type Reason = (typeof REASONS)[number];

/** A file that cannot be turned into grey levels. */
export class UnreadableFilm extends Error {
  constructor(readonly reason: Reason) {
    super(reason);
  }
}
