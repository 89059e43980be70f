import type { Context } from 'hono'
import { runById } from '../../projections/run-queries.ts'
import type { RunRow } from '../../projections/run-tables.ts'
import type { CommandContext } from '../app/context.ts'
import { derivedCommandId, uuidv7 } from '../app/ids.ts'
import type { RunAsked } from '../app/request-run.ts'
import { Rejection } from '../domain/codes.ts'
import { must, parseRunId, type RunId } from '../domain/ids.ts'
import { type Env, idempotencyKey } from './context.ts'
import type { Services } from './services.ts'

const prefix = 'run_'

/** The prefix that some dialects show is no part of an id. */
export const bareRunId = (text: string): string => (text.startsWith(prefix) ? text.slice(prefix.length) : text)
export const prefixedRunId = (runId: string): string => `${prefix}${runId}`

export const runNotFound = (runId: string): Rejection =>
  new Rejection('RUN_NOT_FOUND', `run '${runId}' not found`, { runId })

/** Throws RUN_NOT_FOUND for what can be no run's id. */
export const runIdOf = (text: string): RunId => {
  const bare = bareRunId(text)
  const runId = parseRunId(bare)
  if (runId === undefined) throw runNotFound(bare)
  return runId
}

/** The run that a route's `run_id` names. */
export const runIdIn = (c: Context<Env>): RunId => runIdOf(c.get('params').run_id ?? '')

/** The run that a route's `run_id` names, as the views have it. Throws RUN_NOT_FOUND. */
export const runIn = async (c: Context<Env>, { reads, views }: Pick<Services, 'reads' | 'views'>): Promise<RunRow> => {
  const runId = runIdIn(c)
  await reads.beforeRead(c)
  const run = runById(views, c.get('principal').tenant, runId)
  if (!run) throw runNotFound(runId)
  return run
}

/** The id of a run that is asked for: the caller's, or that of the Idempotency-Key, or one that is drawn. */
export const idsOfNewRun = (
  c: Context<Env>,
  { commandId }: CommandContext,
  chosen: RunId | undefined,
  nowMs: number,
): Pick<RunAsked, 'runId' | 'runIdChosen' | 'keyedRunId'> => {
  const keyed = idempotencyKey(c) !== undefined
  const drawn = must(parseRunId(keyed ? derivedCommandId(commandId, 'run') : uuidv7(nowMs)), 'run id')
  return { runId: chosen ?? drawn, runIdChosen: keyed || chosen !== undefined, keyedRunId: keyed ? drawn : null }
}
