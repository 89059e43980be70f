import { pipelines } from '../app/aggregates.ts'
import type { CommandHandler } from '../app/handle.ts'
import type { Follows } from '../app/ports/follower.ts'
import type { LedgerEvent } from '../app/ports/ledger.ts'
import type { PipelineId, TenantId } from '../domain/ids.ts'

/**
 * Runs are asked for with what this process knows of a pipeline, which saves a read for each. Here it reads again what
 * has changed, by whichever replica, so that what it knows is at most as old as its subscription.
 */
export class FreshPipelines implements Follows {
  readonly name = 'fresh-pipelines'
  private readonly commands: Pick<CommandHandler, 'load'>
  private readonly head: () => Promise<bigint>

  constructor(commands: Pick<CommandHandler, 'load'>, head: () => Promise<bigint>) {
    this.commands = commands
    this.head = head
  }

  position(): Promise<bigint> {
    return this.head()
  }

  async handle(events: readonly LedgerEvent[]): Promise<void> {
    const changed = new Map<string, { tenant: TenantId; pipelineId: PipelineId }>()
    for (const { event, metadata, stream } of events) {
      if (event && event.type in pipelines.types && 'pipelineId' in event.data) {
        changed.set(stream, { tenant: metadata.tenant, pipelineId: event.data.pipelineId as PipelineId })
      }
    }
    for (const { tenant, pipelineId } of changed.values()) await this.commands.load(pipelines, tenant, pipelineId)
  }
}
