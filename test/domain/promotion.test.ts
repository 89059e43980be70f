import { describe, expect, test } from 'vitest'
import { pipelineDecider } from '../../src/domain/pipeline/decide.ts'
import type { Environment } from '../../src/domain/pipeline/environments.ts'
import type { PipelineEvent } from '../../src/domain/pipeline/events.ts'
import { effectiveIn, versionIn } from '../../src/domain/pipeline/state.ts'
import { sentences } from '../support/decider.ts'
import { pipelineOf, runOf, slugOf } from '../support/ids.ts'
import { manifestOf } from '../support/manifests.ts'
import { needed } from '../support/run-events.ts'

const { given } = sentences(pipelineDecider)
const pipelineId = pipelineOf(1)
const named = { pipelineId, slug: slugOf('flights') }
const versionOf = (number: number) => ({
  ...named,
  number,
  version: `${number}`,
  manifestHash: `h${number}`,
  manifest: manifestOf({ version: `${number}` }),
})
const created: PipelineEvent = { type: 'PipelineCreated', data: versionOf(1) }
const second: PipelineEvent = { type: 'ManifestVersioned', data: versionOf(2) }
const deleted: PipelineEvent = { type: 'PipelineDeleted', data: { ...named, reason: 'unused' } }
const promotion = (number: number, from: Environment, to: Environment) => ({
  ...named,
  ...{ number, version: `${number}`, manifestHash: `h${number}`, from, to, provedBy: runOf('r1') },
})
const promoted = (number: number, from: Environment, to: Environment, approvalId: string | null = null) =>
  ({ type: 'PipelinePromoted', data: { ...promotion(number, from, to), approvalId } }) satisfies PipelineEvent
const asked: PipelineEvent = {
  type: 'PromotionRequested',
  data: { ...promotion(1, 'staging', 'prod'), approval: needed },
}
const promote = (number: number, to: Environment, approval: typeof needed | null = null) => ({
  type: 'PromotePipeline' as const,
  ...{ pipelineId, number, to, provedBy: runOf('r1'), approval },
})
const release = (commandHash = needed.commandHash) => ({
  type: 'ReleasePromotion' as const,
  ...{ pipelineId, approvalId: needed.approvalId, commandHash },
})
const inStaging = [created, promoted(1, 'dev', 'staging')]

describe('a version', () => {
  test('is in dev at once, and goes to the next environment only', () => {
    given(created)
      .when(promote(1, 'staging'))
      .thenHappens(promoted(1, 'dev', 'staging'))
    given(created).when(promote(1, 'prod')).thenRejects('NOT_PROMOTABLE')
    given(created).when(promote(2, 'staging')).thenRejects('NOT_PROMOTABLE')
    given(created).when(promote(1, 'dev')).thenRejects('VALIDATION_FAILED')
    given(...inStaging)
      .when(promote(1, 'prod'))
      .thenHappens(promoted(1, 'staging', 'prod'))
  })

  test('that is there already is nothing to do', () =>
    given(...inStaging)
      .when(promote(1, 'staging'))
      .thenNothing())

  test('stays where it is when there is a newer one, and may come back', () => {
    const pipeline = given(...inStaging, second).state()
    expect([versionIn(pipeline, 'dev')?.number, versionIn(pipeline, 'staging')?.number]).toEqual([2, 1])
    given(...inStaging, second, promoted(2, 'dev', 'staging'))
      .when(promote(1, 'staging'))
      .thenHappens(promoted(1, 'dev', 'staging'))
  })

  test('that needs approval waits for it, alone, and goes with that very one', () => {
    given(...inStaging)
      .when(promote(1, 'prod', needed))
      .thenHappens(asked)
    given(...inStaging, asked)
      .when(promote(1, 'prod', needed))
      .thenRejects('APPROVAL_PENDING')
    given(...inStaging, asked)
      .when(release())
      .thenHappens(promoted(1, 'staging', 'prod', needed.approvalId))
    given(...inStaging, asked)
      .when(release('00'.repeat(32)))
      .thenRejects('APPROVAL_MISMATCH')
    given(...inStaging)
      .when(release())
      .thenNothing()
    const refuse = { type: 'RefusePromotion' as const, pipelineId, approvalId: needed.approvalId, reason: 'no' }
    const refused: PipelineEvent = {
      type: 'PromotionRefused',
      data: { ...promotion(1, 'staging', 'prod'), approvalId: needed.approvalId, reason: 'no' },
    }
    given(...inStaging, asked)
      .when(refuse)
      .thenHappens(refused)
    given(...inStaging, asked, refused)
      .when(release())
      .thenNothing()
  })
})

describe('an override', () => {
  const put = (number: number, scope: 'tenant' | 'prod' | 'dev', patch: object): PipelineEvent => ({
    type: 'OverrideApplied',
    data: { ...named, number, scope, patch: patch as never },
  })
  const retriesIn = (environment: Environment, ...events: PipelineEvent[]) =>
    effectiveIn(given(...events).state(), environment)?.manifest.orchestration.retries

  test('of an environment lies on top of the one of the tenant, and neither touches the manifest', () => {
    const tenant = put(1, 'tenant', { orchestration: { retries: 7 } })
    const dev = put(2, 'dev', { orchestration: { retries: 9 } })
    const base = manifestOf().orchestration.retries
    expect(retriesIn('dev', created)).toBe(base)
    expect(retriesIn('dev', ...inStaging, tenant)).toBe(7)
    expect(retriesIn('dev', ...inStaging, tenant, dev)).toBe(9)
    expect(retriesIn('staging', ...inStaging, tenant, dev)).toBe(7)
    expect(retriesIn('prod', ...inStaging, tenant, dev)).toBeUndefined()
    expect(given(created, tenant).state().versions[0]?.manifest.orchestration.retries).toBe(base)
  })

  test('that is the same is nothing to do; one that is not there cannot be taken away', () => {
    const patch = { title: 'x' }
    const command = { type: 'ApplyOverride' as const, pipelineId, scope: 'dev' as const, patch }
    given(created)
      .when(command)
      .thenHappens(put(1, 'dev', patch))
    given(created, put(1, 'dev', patch))
      .when(command)
      .thenNothing()
    given(created).when({ type: 'RemoveOverride', pipelineId, scope: 'dev' }).thenRejects('OVERRIDE_NOT_FOUND')
  })
})

describe('a deleted pipeline', () => {
  const { number: _, version: __, ...again } = versionOf(1)

  test('runs nothing, stays deleted when its file is read again, and comes back with another version', () => {
    expect(effectiveIn(given(created, deleted).state(), 'dev')).toBeUndefined()
    given(created, deleted)
      .when({ type: 'RegisterManifest', ...again })
      .thenNothing()
    const { number: ___, version: ____, ...changed } = versionOf(2)
    given(created, deleted)
      .when({ type: 'RegisterManifest', ...changed })
      .thenHappens(second)
    given(created, deleted).when(promote(1, 'staging')).thenRejects('PIPELINE_NOT_FOUND')
  })

  test('may be created again; one that is there may not', () => {
    const { number: ___, version: ____, ...changed } = versionOf(2)
    given(created, deleted)
      .when({ type: 'CreatePipeline', ...changed })
      .thenHappens(second)
    given(created)
      .when({ type: 'CreatePipeline', ...changed })
      .thenRejects('PIPELINE_EXISTS')
  })

  test('is changed only by who has seen its newest version', () => {
    const { number: ___, version: ____, ...changed } = versionOf(2)
    given(created)
      .when({ type: 'UpdateManifest', ifMatch: 1, ...changed })
      .thenHappens(second)
    given(created, second)
      .when({ type: 'UpdateManifest', ifMatch: 1, ...again })
      .thenRejects('PRECONDITION_FAILED')
  })
})
