import type { Manifest } from '../domain/pipeline/manifest.ts'
import { manifestHash } from './hash.ts'
import type { Problem } from './problems.ts'
import { parseManifest } from './schema.ts'
import { parseYaml } from './yaml.ts'

type Read = { manifest: Manifest; hash: string } | { problems: Problem[] }

/** A manifest as it is given, with its defaults filled in; or all that is wrong with it. */
export const readManifest = (value: unknown): Read => {
  const parsed = parseManifest(value)
  return 'problems' in parsed ? parsed : { ...parsed, hash: manifestHash(parsed.manifest) }
}

/** YAML, of which JSON is a part. */
export const readManifestText = (text: string): Read => {
  const yaml = parseYaml(text)
  return 'problems' in yaml ? yaml : readManifest(yaml.value)
}
