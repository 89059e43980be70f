import { deadLetters, runs } from '../../app/aggregates.ts'
import { type Cause, systemContext } from '../../app/context.ts'
import { entryIdOf, retryContext } from '../../app/dead-letters.ts'
import type { PendingDeadLetter } from '../../app/ports/dead-letters.ts'
import type { DeadLetterCommand, DeadLetterState } from '../../domain/dead-letter/decide.ts'
import type { DeadLetter, FoundAgain } from '../../domain/dead-letter/events.ts'
import type { RunId, TenantId } from '../../domain/ids.ts'
import { firstEnvironment } from '../../domain/pipeline/environments.ts'
import type { RunRequested } from '../../domain/run/events.ts'
import { hasEnded, type Run } from '../../domain/run/state.ts'
import { component, type DeadLetterDeps } from './deps.ts'

/** A run whose entries are looked after. */
interface Looking {
  deps: DeadLetterDeps
  tenant: TenantId
  request: RunRequested
  cause: Cause
  reached: bigint
}

/** All that a run means for entries, as far as it is not said yet. Answers the position of what was said last. */
export const deadLettersOfRun = async (
  deps: DeadLetterDeps,
  tenant: TenantId,
  runId: RunId,
  cause: Cause,
): Promise<bigint> => {
  const { state: run } = await deps.commands.load(runs, tenant, runId)
  if (!run.requested) return -1n
  const looking: Looking = { deps, tenant, request: run.requested, cause, reached: -1n }
  const retried = await retriedEntries(looking)
  if (hasEnded(run)) {
    if (run.status === 'succeeded') await afterSuccess(looking, retried)
    else await afterFailure(looking, run, retried)
  }
  return looking.reached
}

const say = async (looking: Looking, entryId: string, command: DeadLetterCommand, cause = looking.cause) => {
  const { deps, tenant } = looking
  const context = systemContext(tenant, component, deps.nowMs(), cause)
  const { state, position } = await deps.commands.handle(deadLetters, entryId, command, context)
  if (position > looking.reached) looking.reached = position
  return state
}

/** The entries that this run is the last retry of. What nobody has said of them is said in the name of who asked. */
const retriedEntries = async (looking: Looking): Promise<Map<string, DeadLetterState>> => {
  const { deps, tenant, request } = looking
  const { runId } = request
  const subject = { kind: 'run' as const, id: runId }
  const found = new Map<string, DeadLetterState>()
  for (const { entryId, asked } of deps.work.unnoted(tenant, subject)) {
    const command = { type: 'NoteRetry' as const, entryId, by: runId }
    const context = { ...retryContext(asked, entryId), origin: component }
    const { state, position } = await deps.commands.handle(deadLetters, entryId, command, context)
    if (position > looking.reached) looking.reached = position
    if (state.by === runId) found.set(entryId, state)
  }
  for (const entryId of deps.work.retriedBy(tenant, subject)) {
    const { state } = await deps.commands.load(deadLetters, tenant, entryId)
    if (state.by === runId) found.set(entryId, state)
  }
  return found
}

const afterFailure = async (looking: Looking, run: Run, retried: ReadonlyMap<string, DeadLetterState>) => {
  const { deps, tenant, request } = looking
  const { runId } = request
  const [failure] = deps.work.pending(tenant, { kind: 'run', id: runId }).filter(({ rows }) => rows === null)
  const reason = run.status === 'failed' ? (run.error?.message ?? 'it failed') : `it was ${run.status}`
  let isOpen = false
  for (const [entryId, { entry }] of retried) {
    const found = failure && entry?.source === 'run' ? foundIn(failure, runId) : null
    const state = await say(looking, entryId, { type: 'ReopenDeadLetter', entryId, by: runId, reason, found })
    isOpen ||= state.status === 'open'
  }
  if (failure && !isOpen) await record(looking, failure)
}

/** What was turned away once more is the retried entry's; everything else that waited for a success has it now. */
const afterSuccess = async (looking: Looking, retried: ReadonlyMap<string, DeadLetterState>) => {
  const { deps, tenant, request } = looking
  const { runId } = request
  const subject = { kind: 'run' as const, id: runId }
  const kept = new Set<string>()
  for (const pending of deps.work.pending(tenant, subject)) {
    const [again] = [...retried].filter(([entryId, { entry }]) => !kept.has(entryId) && isSameCheck(entry, pending))
    const [entryId, state] = again ?? []
    if (entryId !== undefined && state?.status !== 'resolved' && state?.status !== 'discarded') {
      const found = foundIn(pending, runId)
      const { reason } = pending
      await say(looking, entryId, { type: 'ReopenDeadLetter', entryId, by: runId, reason, found })
      kept.add(entryId)
    } else kept.add(await record(looking, pending))
  }
  const left = new Set([...retried].filter(([, { status }]) => status === 'retrying').map(([entryId]) => entryId))
  for (const entryId of new Set([...left, ...deps.work.waitingFor(tenant, subject)])) {
    if (!kept.has(entryId)) await say(looking, entryId, { type: 'ResolveDeadLetter', entryId, by: runId })
  }
}

const isSameCheck = (entry: DeadLetter | null, { rows, stage, code }: PendingDeadLetter): boolean =>
  entry?.payload.kind === 'file' && entry.stage === stage && entry.code === code && entry.payload.table === rows?.table

const foundIn = ({ rows, code, reason, count }: PendingDeadLetter, runId: RunId): FoundAgain => ({
  code,
  reason,
  count,
  payload: rows ? { kind: 'file', path: rows.file, table: rows.table } : { kind: 'run', runId },
})

const record = async (looking: Looking, pending: PendingDeadLetter): Promise<string> => {
  const { tenant, request } = looking
  const { runId, pipelineId, pipeline, partition, environment = firstEnvironment } = request
  const { rows, stage, cause } = pending
  const source = rows ? ('rows' as const) : ('run' as const)
  const entryId = entryIdOf(tenant, source, runId, ...(rows ? [rows.file] : []))
  const of = { source, pipelineId, pipeline, runId, partition, environment, stage }
  const entry: DeadLetter = { entryId, ...of, ...foundIn(pending, runId) }
  await say(looking, entryId, { type: 'RecordDeadLetter', entry }, cause)
  return entryId
}
