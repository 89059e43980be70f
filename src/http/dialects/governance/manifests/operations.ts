import type { z } from 'zod'
import { listPipelines } from '../../../../../projections/pipelines.ts'
import { pipelines } from '../../../../app/aggregates.ts'
import { foresee } from '../../../../app/foresee.ts'
import { pipelineIdOf } from '../../../../app/ids.ts'
import { Rejection } from '../../../../domain/codes.ts'
import { must, parseSlug } from '../../../../domain/ids.ts'
import { environments, firstEnvironment } from '../../../../domain/pipeline/environments.ts'
import { currentVersion, effectiveIn, type Pipeline } from '../../../../domain/pipeline/state.ts'
import { commandContext } from '../../../context.ts'
import { type Operation, operation } from '../../../operation.ts'
import type { Services } from '../../../services.ts'
import { etagOf, ifMatchIn, jsonOf, manifestIn, pipelineIn, pipelineParameter } from './pipeline-in.ts'
import {
  deleteQuery,
  dryRunQuery,
  effectiveQuery,
  manifestAnswer,
  manifestBody,
  manifestList,
  written,
} from './schemas.ts'

/** `/pipelines/manifests`: what is defined, and who defines it. */
export const manifestOperations = (services: Services): Operation[] => [
  list(services),
  create(services),
  look(services),
  update(services),
  remove(services),
]

const list = ({ reads, views }: Services): Operation =>
  operation({
    method: 'get',
    path: '/manifests',
    summary: 'The pipelines in their newest versions, and which versions are in staging and in prod',
    action: 'ReadPipelines',
    kind: 'query',
    parameters: {},
    answers: { 200: { description: 'all pipelines of the tenant, by name', schema: manifestList } },
    codes: [],
    handle: async (c) => {
      await reads.beforeRead(c)
      const rows = listPipelines(views, c.get('principal').tenant)
      return c.json({
        manifests: rows.map(({ tenant: _, slug, is_deleted: __, description: ___, ...row }) => ({
          pipeline: slug,
          ...row,
        })),
      })
    },
  })

const create = ({ commands, manifests, reads, nowMs }: Services): Operation =>
  operation({
    method: 'post',
    path: '/manifests',
    summary: 'Create a pipeline',
    action: 'WriteManifest',
    kind: 'command',
    parameters: {},
    query: dryRunQuery,
    body: manifestBody,
    answers: {
      200: { description: 'a dry run: it could be created', schema: written },
      201: { description: 'the pipeline was created, with an ETag of its version', schema: written },
    },
    codes: ['PIPELINE_EXISTS'],
    handle: async (c, { query: { dry_run: dryRun }, body }) => {
      const { manifest, hash } = manifestIn(manifests, body.manifest)
      const slug = must(parseSlug(manifest.name), 'pipeline slug')
      const { tenant } = c.get('principal')
      const pipelineId = pipelineIdOf(tenant, slug)
      const command = { type: 'CreatePipeline' as const, pipelineId, slug, manifest, manifestHash: hash }
      if (dryRun)
        return c.json(shownWritten((await foresee(commands, pipelines, tenant, pipelineId, command)).state, true, true))
      const context = commandContext(c, 'governance', { hash, slug }, nowMs())
      const handled = await commands.handle(pipelines, pipelineId, command, context)
      reads.wrote(c, handled)
      c.header('ETag', etagOf(handled.state))
      c.header('Location', `/pipelines/manifests/${slug}`)
      return c.json(shownWritten(handled.state, true, false), 201)
    },
  })

const look = (services: Services): Operation =>
  operation({
    method: 'get',
    path: '/manifests/{pipeline}',
    summary: 'A manifest as it was given and as it runs in an environment, with an ETag',
    action: 'ReadPipelines',
    kind: 'query',
    parameters: pipelineParameter,
    query: effectiveQuery,
    answers: { 200: { description: 'the manifest', schema: manifestAnswer } },
    codes: ['PIPELINE_NOT_FOUND'],
    handle: async (c, { query: { environment = firstEnvironment } }) => {
      const { state, pipelineId, slug } = await pipelineIn(c, services)
      const found = effectiveIn(state, environment)
      if (!found) throw new Rejection('PIPELINE_NOT_FOUND', `pipeline '${slug}' has no version in ${environment}`)
      c.header('ETag', etagOf(state))
      return c.json({
        pipeline_id: pipelineId,
        pipeline: slug,
        number: found.version.number,
        version: found.version.version,
        manifest_hash: found.version.manifestHash,
        environment,
        overrides: [...found.overrides],
        base: jsonOf(found.version.manifest),
        effective: jsonOf(found.manifest),
        environments: environments.map((name) => inEnvironment(state, name)),
      } satisfies z.input<typeof manifestAnswer>)
    },
  })

const inEnvironment = (state: Pipeline, environment: (typeof environments)[number]) => {
  const found = effectiveIn(state, environment)
  const overrides = (found?.overrides ?? []).flatMap((number) =>
    state.overrides.filter((each) => each.number === number).map(({ scope }) => ({ number, scope })),
  )
  return { environment, number: found?.version.number ?? null, version: found?.version.version ?? null, overrides }
}

const update = (services: Services): Operation =>
  operation({
    method: 'put',
    path: '/manifests/{pipeline}',
    summary: 'Give a pipeline a new version; with If-Match only if nobody else has done so meanwhile',
    action: 'WriteManifest',
    kind: 'command',
    parameters: pipelineParameter,
    query: dryRunQuery,
    body: manifestBody,
    answers: { 200: { description: 'the newest version, with its ETag', schema: written } },
    codes: ['PIPELINE_NOT_FOUND', 'PRECONDITION_FAILED'],
    handle: async (c, { query: { dry_run: dryRun }, body }) => {
      const { commands, manifests, reads, nowMs } = services
      const { manifest, hash } = manifestIn(manifests, body.manifest)
      const { pipelineId, slug } = await pipelineIn(c, services)
      if (manifest.name !== slug) {
        throw new Rejection('VALIDATION_FAILED', `manifest.name: must be '${slug}', whose version it is to be`, {
          field: 'manifest.name',
        })
      }
      const ifMatch = ifMatchIn(c)
      const command = { type: 'UpdateManifest' as const, pipelineId, slug, manifest, manifestHash: hash, ifMatch }
      if (dryRun) {
        const { state, events } = await foresee(commands, pipelines, c.get('principal').tenant, pipelineId, command)
        return c.json(shownWritten(state, events.length > 0, true))
      }
      const context = commandContext(c, 'governance', { hash, slug, ifMatch }, nowMs())
      const handled = await commands.handle(pipelines, pipelineId, command, context)
      reads.wrote(c, handled)
      c.header('ETag', etagOf(handled.state))
      return c.json(shownWritten(handled.state, handled.events.length > 0, false))
    },
  })

const remove = (services: Services): Operation =>
  operation({
    method: 'delete',
    path: '/manifests/{pipeline}',
    summary: 'Delete a pipeline: nothing runs any more, and all that happened stays',
    action: 'DeletePipeline',
    kind: 'command',
    parameters: pipelineParameter,
    query: deleteQuery,
    answers: { 200: { description: 'the pipeline is deleted', schema: written } },
    codes: ['PIPELINE_NOT_FOUND', 'PRECONDITION_FAILED'],
    handle: async (c, { query: { dry_run: dryRun, reason } }) => {
      const { commands, reads, nowMs } = services
      const { pipelineId } = await pipelineIn(c, services)
      const command = { type: 'DeletePipeline' as const, pipelineId, ifMatch: ifMatchIn(c), reason }
      if (dryRun) {
        const { state } = await foresee(commands, pipelines, c.get('principal').tenant, pipelineId, command)
        return c.json(shownWritten(state, true, true))
      }
      const context = commandContext(c, 'governance', { pipelineId, reason }, nowMs())
      const handled = await commands.handle(pipelines, pipelineId, command, { ...context, reason })
      reads.wrote(c, handled)
      return c.json(shownWritten(handled.state, true, false))
    },
  })

const shownWritten = (state: Pipeline, changed: boolean, dryRun: boolean): z.input<typeof written> => {
  const current = currentVersion(state)
  return {
    pipeline_id: state.id ?? '',
    pipeline: state.slug ?? '',
    number: current?.number ?? 0,
    version: current?.version ?? '',
    manifest_hash: current?.manifestHash ?? '',
    changed,
    dry_run: dryRun,
  }
}
