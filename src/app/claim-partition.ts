import { Rejection } from '../domain/codes.ts'
import type { RunId } from '../domain/ids.ts'
import type { Holder } from '../domain/partition/decide.ts'
import { hasEnded } from '../domain/run/state.ts'
import { partitions, runs } from './aggregates.ts'
import { type CommandContext, subcommand, systemContext } from './context.ts'
import type { CommandHandler } from './handle.ts'

/** A claim whose run has not come about after this long may be taken over. */
const claimGraceMs = 30_000

/** Tries with what it knows; when the partition is held, looks which holders are gone and tries once more. */
export const claimPartition = async (
  commands: CommandHandler,
  id: string,
  runId: RunId,
  limit: number,
  context: CommandContext,
): Promise<void> => {
  const { commandId, at } = context
  const claim = (gone: readonly RunId[]) =>
    commands.handle(
      partitions,
      id,
      { type: 'ClaimPartition', runId, commandId, at, limit, gone },
      subcommand(context, `claim${gone.join()}`),
      // Most partitions are claimed for the first time: the append tells sooner than a read whether that is so.
      { fresh: true },
    )
  try {
    await claim([])
  } catch (error) {
    if (!(error instanceof Rejection) || error.code !== 'RUN_ACTIVE') throw error
    const { state } = await commands.load(partitions, context.tenant, id)
    const gone = await goneHolders(commands, state.holders, context)
    if (gone.length === 0) throw error
    await claim(gone)
  }
}

/** A holder that has not come about in time is kept from coming about before its claim is taken. */
const goneHolders = async (
  commands: CommandHandler,
  holders: readonly Holder[],
  { tenant, at }: CommandContext,
): Promise<RunId[]> => {
  const gone: RunId[] = []
  for (const holder of holders) {
    let { state } = await commands.load(runs, tenant, holder.runId)
    const isLate = Date.parse(at) - Date.parse(holder.at) > claimGraceMs
    if (state.status === null && isLate) {
      const reason = `its claim of ${holder.at} was taken over`
      const command = { type: 'AbandonRun' as const, runId: holder.runId, reason }
      const abandoned = await commands.handle(
        runs,
        holder.runId,
        command,
        systemContext(tenant, 'claims', Date.parse(at), {
          correlationId: holder.commandId,
          causationId: holder.commandId,
        }),
      )
      state = abandoned.state
    }
    if (hasEnded(state)) gone.push(holder.runId)
  }
  return gone
}
