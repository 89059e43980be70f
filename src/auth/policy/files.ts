import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Why the policies of a folder are refused: file, policy and reason in one sentence. */
export class PolicyError extends Error {}

export interface PolicyFile {
  path: string
  text: string
}

export interface PolicyFolder {
  files: readonly PolicyFile[]
  schema: PolicyFile
  /** SHA-256 in hex, as of `LC_ALL=C sha256sum *.cedar ledgerline.cedarschema | sha256sum` in the folder. */
  version: string
}

const schemaName = 'ledgerline.cedarschema'
const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const namesIn = (dir: string): string[] => {
  try {
    return readdirSync(dir)
  } catch (error) {
    throw new PolicyError(`${dir}: the folder of policies cannot be read: ${reasonOf(error)}`)
  }
}

const bytesOf = (path: string): Buffer => {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new PolicyError(`${path}: the file cannot be read: ${reasonOf(error)}`)
  }
}

/** Every `*.cedar` file of the folder in name order, and its schema. */
export const readFolder = (dir: string): PolicyFolder => {
  const found = namesIn(dir)
  const names = found.filter((name) => name.endsWith('.cedar')).sort()
  if (names.length === 0) throw new PolicyError(`${dir}: the folder has no *.cedar file`)
  if (!found.includes(schemaName)) throw new PolicyError(`${join(dir, schemaName)}: the schema is missing`)
  const read = (name: string) => ({ name, path: join(dir, name), bytes: bytesOf(join(dir, name)) })
  const schema = read(schemaName)
  const files = names.map(read)
  const lines = [...files, schema].map(({ name, bytes }) => `${sha256(bytes)}  ${name}\n`)
  const asText = ({ path, bytes }: { path: string; bytes: Buffer }): PolicyFile => ({ path, text: bytes.toString() })
  return { files: files.map(asText), schema: asText(schema), version: sha256(lines.join('')) }
}
