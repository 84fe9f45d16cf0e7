// How much a ZIP archive says it unpacks to, without unpacking it.
import { unzipSync } from 'fflate';

/** Bytes that all files of the archive unpack to by its own directory; undefined when it is no whole archive. */
export function unzippedSize(bytes: Buffer): number | undefined {
  let size = 0;
  try {
    unzipSync(bytes, {
      filter: (file) => {
        size += file.originalSize;
        return false;
      },
    });
  } catch {
    return undefined;
  }
  return size;
}
