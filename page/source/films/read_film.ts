/** From the bytes of a file to a grey film, whatever the file is called: DICOM, PNG or JPEG, told apart by content. */

import type { Codecs } from "../dicom/codecs";
import { readDicom } from "../dicom/files";
import { contentOf } from "./content";
import type { Grey } from "./grey";
import { readJpeg } from "./jpeg";
import { greyOf } from "./pictures";
import { readPng } from "./png";
import { MAX_FILE_BYTES, UnreadableFilm } from "./reasons";

/**
 * Read a film.
 *
 * @param file All bytes of it.
 * @param codecs Decoders of compressed films, loaded when one is needed.
 * @param window Which of several VOI tables or windows to look through, from 0; only DICOM films have any.
 * @returns Grey levels in [0, 1].
 * @throws UnreadableFilm with one of the closed list of reasons, whatever a decoder stumbled over.
 */
export async function readFilm(file: Uint8Array, codecs: Codecs, window = 0): Promise<Grey> {
  try {
    if (file.length > MAX_FILE_BYTES) throw new UnreadableFilm("too_large");
    switch (contentOf(file)) {
      case "empty":
        throw new UnreadableFilm("empty_file");
      case "dicom":
      case "directory":
        return await readDicom(file, codecs, window);
      case "png":
        return greyOf(await readPng(file));
      case "jpeg":
        return greyOf(await readJpeg(file, codecs));
      default:
        throw new UnreadableFilm("unknown_content");
    }
  } catch (error) {
    if (error instanceof UnreadableFilm) throw error;
    if (error instanceof RangeError && /allocation|array length/i.test(error.message))
      throw new UnreadableFilm("too_large");
    throw new UnreadableFilm("damaged"); // decoders throw a dozen kinds; their texts can hold tags
  }
}
