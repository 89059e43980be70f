import { createHash } from 'node:crypto'
import { canonicalJson } from '../domain/canonical-json.ts'
import type { JsonValue } from '../domain/json.ts'
import type { Manifest } from '../domain/pipeline/manifest.ts'

/**
 * SHA-256 (lower-case hex) over the RFC 8785 JSON of a manifest with its defaults filled in: comments, order and
 * layout of the file do not count.
 */
export const manifestHash = (manifest: Manifest): string => {
  const json: JsonValue = JSON.parse(JSON.stringify(manifest))
  return createHash('sha256').update(canonicalJson(json), 'utf8').digest('hex')
}
