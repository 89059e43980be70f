import { copyFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { FileSource } from '../../domain/pipeline/manifest.ts'
import { failed, isMissing } from './errors.ts'
import { writeDurably } from './files.ts'
import { insideTenant } from './workspace.ts'

/**
 * The absolute path of a source's file. A file that the tenant does not have is copied in when there is a sample of
 * that name, so that a first run works on a fresh machine.
 */
export const locateSource = async (
  root: string,
  samplesDir: string | null,
  name: string,
  source: FileSource,
): Promise<string> => {
  const path = await insideTenant(root, source.path)
  if (await isFile(path)) return path
  const sample = samplesDir === null ? null : join(samplesDir, basename(source.path))
  if (sample === null || !(await isFile(sample))) throw failed(`Source '${name}': there is no file '${source.path}'`)
  return writeDurably(
    dirname(path),
    () => basename(path),
    (copy) => copyFile(sample, copy),
  )
}

const isFile = async (path: string): Promise<boolean> => {
  try {
    return (await stat(path)).isFile()
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}
