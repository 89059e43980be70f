import { closeSync, fsyncSync, openSync } from 'node:fs'

/** Makes a file's content, or a directory's entries, survive a power cut. */
export const syncPath = (path: string): void => {
  const descriptor = openSync(path, 'r')
  fsyncSync(descriptor)
  closeSync(descriptor)
}
