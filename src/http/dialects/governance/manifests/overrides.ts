import type { Context } from 'hono'
import type { z } from 'zod'
import { pipelines } from '../../../../app/aggregates.ts'
import { foresee } from '../../../../app/foresee.ts'
import { Rejection } from '../../../../domain/codes.ts'
import { environments } from '../../../../domain/pipeline/environments.ts'
import { type OverrideScope, overrideScopes } from '../../../../domain/pipeline/events.ts'
import { effectiveIn, type Pipeline } from '../../../../domain/pipeline/state.ts'
import { commandContext, type Env } from '../../../context.ts'
import { type Operation, operation } from '../../../operation.ts'
import { demand } from '../../../permission.ts'
import type { ManifestReader, Services } from '../../../services.ts'
import { jsonOf, pipelineIn, pipelineParameter } from './pipeline-in.ts'
import { dryRunQuery, overrideAnswer, overrideBody } from './schemas.ts'

const path = '/manifests/{pipeline}/overrides/{scope}'
const parameters = { ...pipelineParameter, scope: `${overrideScopes.join(', ')}: tenant is all environments` }

/** What differs for a tenant or in an environment, without touching the manifest. */
export const overrideOperations = (services: Services): Operation[] => [look(services), put(services), remove(services)]

const look = (services: Services): Operation =>
  operation({
    method: 'get',
    path,
    summary: 'The override of a scope, and what runs with it',
    action: 'ReadPipelines',
    kind: 'query',
    parameters,
    answers: { 200: { description: 'the override; its patch is null where there is none', schema: overrideAnswer } },
    codes: ['PIPELINE_NOT_FOUND'],
    handle: async (c) => {
      const { state } = await pipelineIn(c, services)
      return c.json(shown(state, scopeIn(c), false))
    },
  })

const put = (services: Services): Operation =>
  operation({
    method: 'put',
    path,
    summary: 'Put a JSON Merge Patch on top of the manifest, for all environments or for one; the base is untouched',
    action: 'OverrideManifest',
    kind: 'command',
    parameters,
    query: dryRunQuery,
    body: overrideBody,
    answers: { 200: { description: 'the override, and what runs with it', schema: overrideAnswer } },
    codes: ['PIPELINE_NOT_FOUND'],
    handle: async (c, { query: { dry_run: dryRun }, body: { patch } }) => {
      const { commands, manifests, reads, nowMs } = services
      const { pipelineId } = await pipelineIn(c, services)
      const scope = allowedScope(c, services)
      const command = { type: 'ApplyOverride' as const, pipelineId, scope, patch }
      const { state } = await foresee(commands, pipelines, c.get('principal').tenant, pipelineId, command)
      assertManifests(state, scope, manifests)
      if (dryRun) return c.json(shown(state, scope, true))
      const context = commandContext(c, 'governance', { pipelineId, scope, patch }, nowMs())
      const handled = await commands.handle(pipelines, pipelineId, command, context)
      reads.wrote(c, handled)
      return c.json(shown(handled.state, scope, false))
    },
  })

const remove = (services: Services): Operation =>
  operation({
    method: 'delete',
    path,
    summary: 'Take the override of a scope away',
    action: 'OverrideManifest',
    kind: 'command',
    parameters,
    query: dryRunQuery,
    answers: { 200: { description: 'there is none any more', schema: overrideAnswer } },
    codes: ['PIPELINE_NOT_FOUND', 'OVERRIDE_NOT_FOUND'],
    handle: async (c, { query: { dry_run: dryRun } }) => {
      const { commands, manifests, reads, nowMs } = services
      const { pipelineId } = await pipelineIn(c, services)
      const scope = allowedScope(c, services)
      const command = { type: 'RemoveOverride' as const, pipelineId, scope }
      const { state } = await foresee(commands, pipelines, c.get('principal').tenant, pipelineId, command)
      assertManifests(state, scope, manifests)
      if (dryRun) return c.json(shown(state, scope, true))
      const context = commandContext(c, 'governance', { pipelineId, scope }, nowMs())
      const handled = await commands.handle(pipelines, pipelineId, command, context)
      reads.wrote(c, handled)
      return c.json(shown(handled.state, scope, false))
    },
  })

const scopeIn = (c: Context<Env>): OverrideScope => {
  const asked = c.get('params').scope ?? ''
  const scope = overrideScopes.find((each) => each === asked)
  if (scope !== undefined) return scope
  throw new Rejection('VALIDATION_FAILED', `scope: must be one of ${overrideScopes.join(', ')}`, { field: 'scope' })
}

/** What is for the whole tenant is for prod too. */
const allowedScope = (c: Context<Env>, services: Services): OverrideScope => {
  const scope = scopeIn(c)
  demand(c, services, 'OverrideManifest', scope === 'tenant' ? 'prod' : scope)
  return scope
}

const environmentsOf = (scope: OverrideScope) => environments.filter((each) => scope === 'tenant' || each === scope)

/** Whatever an override leads to must be a manifest, of the same name, wherever a version is now. */
const assertManifests = (state: Pipeline, scope: OverrideScope, manifests: ManifestReader): void => {
  for (const environment of environmentsOf(scope)) {
    const found = effectiveIn(state, environment)
    if (!found) continue
    const read = manifests.read(jsonOf(found.manifest))
    const [problem] = 'problems' in read ? read.problems : renamed(found.manifest.name, state)
    if (!problem) continue
    const field = ['patch', problem.path].filter(Boolean).join('.')
    throw new Rejection('VALIDATION_FAILED', `${field}: ${problem.message} (in ${environment})`, { field, environment })
  }
}

const renamed = (name: string, { slug }: Pipeline) =>
  name === slug ? [] : [{ path: 'name', message: `must stay '${slug}'` }]

const shown = (state: Pipeline, scope: OverrideScope, dryRun: boolean): z.input<typeof overrideAnswer> => {
  const number = state.inForce[scope] ?? null
  const effective = environmentsOf(scope).flatMap((environment) => {
    const found = effectiveIn(state, environment)
    return found ? [{ environment, manifest: jsonOf(found.manifest) }] : []
  })
  const patch = state.overrides.find((each) => each.number === number)?.patch ?? null
  return { pipeline: state.slug ?? '', scope, number, patch, effective, dry_run: dryRun }
}
