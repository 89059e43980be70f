import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { must, parseTenantId, type TenantId } from '../domain/ids.ts'
import type { Manifest } from '../domain/pipeline/manifest.ts'
import type { Problem } from './problems.ts'
import { readManifestText } from './reader.ts'

/** `file` is relative to the directory, with / between folders. */
interface LoadedManifest {
  tenant: TenantId
  file: string
  manifest: Manifest
  hash: string
}

type FileProblem = Problem & { file: string }

export interface ManifestDirectory {
  manifests: LoadedManifest[]
  problems: FileProblem[]
}

const fileBytesMax = 1_048_576
const manifestFile = /\.(ya?ml|json)$/i
const defaultTenant = must(parseTenantId('default'), 'tenant')

/**
 * Reads every manifest of a directory: files at its top belong to the tenant `default`, files in a folder to the
 * tenant of that name; hidden entries and deeper folders are passed over. What is wrong is reported, never thrown,
 * and the rest is loaded all the same. Of two manifests with one name the first by file name stays.
 */
export const loadManifests = async (directory: string): Promise<ManifestDirectory> => {
  const found: ManifestDirectory = { manifests: [], problems: [] }
  const top = await entriesOf(directory, '', found)
  await loadFiles(directory, '', defaultTenant, top.files, found)
  for (const folder of top.folders) {
    const tenant = parseTenantId(folder)
    if (tenant === undefined) {
      found.problems.push({ file: folder, path: '', message: 'the folder name is not a valid tenant id' })
      continue
    }
    const { files } = await entriesOf(directory, folder, found)
    await loadFiles(directory, `${folder}/`, tenant, files, found)
  }
  return found
}

const entriesOf = async (directory: string, folder: string, found: ManifestDirectory) => {
  const path = join(directory, folder)
  try {
    const entries = (await readdir(path, { withFileTypes: true }))
      .filter((entry) => !entry.name.startsWith('.'))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
    return {
      files: entries.filter((entry) => !entry.isDirectory() && manifestFile.test(entry.name)).map(({ name }) => name),
      folders: entries.filter((entry) => entry.isDirectory()).map(({ name }) => name),
    }
  } catch (error) {
    found.problems.push({ file: folder, path: '', message: `cannot read the directory ${path}: ${reasonOf(error)}` })
    return { files: [], folders: [] }
  }
}

const loadFiles = async (
  directory: string,
  prefix: string,
  tenant: TenantId,
  names: string[],
  found: ManifestDirectory,
): Promise<void> => {
  for (const name of names) {
    const file = `${prefix}${name}`
    const read = await readFileAt(join(directory, file))
    if ('problems' in read) {
      found.problems.push(...read.problems.map((problem) => ({ file, ...problem })))
      continue
    }
    const same = found.manifests.find((other) => other.tenant === tenant && other.manifest.name === read.manifest.name)
    if (same === undefined) found.manifests.push({ tenant, file, ...read })
    else found.problems.push({ file, path: 'name', message: `'${read.manifest.name}' is already in ${same.file}` })
  }
}

const readFileAt = async (path: string): Promise<{ manifest: Manifest; hash: string } | { problems: Problem[] }> => {
  try {
    const { size } = await stat(path)
    if (size > fileBytesMax)
      return { problems: [{ path: '', message: `is larger than ${fileBytesMax} bytes (${size})` }] }
    return readManifestText(await readFile(path, 'utf8'))
  } catch (error) {
    return { problems: [{ path: '', message: `cannot be read: ${reasonOf(error)}` }] }
  }
}

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error && error.code === 'ENOENT' ? 'there is none' : error.message
}
