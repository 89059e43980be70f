import { pipelines } from '../app/aggregates.ts'
import { systemContext } from '../app/context.ts'
import type { CommandHandler } from '../app/handle.ts'
import { pipelineIdOf } from '../app/ids.ts'
import { must, parseSlug, parseTenantId } from '../domain/ids.ts'
import type { Manifest } from '../domain/pipeline/manifest.ts'

export interface ManifestFile {
  tenant: string
  file: string
  manifest: Manifest
  hash: string
}

/** Registers manifests as `system`. Says which became an event, and position -1n or that of the last one. */
export const registerManifests = async (
  commands: CommandHandler,
  files: readonly ManifestFile[],
  nowMs: number,
): Promise<{ changed: string[]; position: bigint }> => {
  const changed: string[] = []
  let position = -1n
  for (const { tenant: name, file, manifest, hash } of files) {
    const tenant = must(parseTenantId(name), 'tenant')
    const slug = must(parseSlug(manifest.name), 'pipeline slug')
    const pipelineId = pipelineIdOf(tenant, slug)
    const command = { type: 'RegisterManifest' as const, pipelineId, slug, manifest, manifestHash: hash }
    const handled = await commands.handle(
      pipelines,
      pipelineId,
      command,
      systemContext(tenant, 'pipeline-files', nowMs),
    )
    if (handled.events.length === 0) continue
    changed.push(file)
    position = handled.position
  }
  return { changed, position }
}
