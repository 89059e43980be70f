import type { CommandContext } from '../../src/app/context.ts'
import { commandIdOf, tenant } from './ids.ts'
import { atTime } from './run-events.ts'

let drawn = 1_000

/** A context with a command id of its own. */
export const contextOf = (over: Partial<CommandContext> = {}): CommandContext => {
  drawn += 1
  return {
    tenant,
    actor: { pseudonym: 'alice', kind: 'person', roles: ['operator'], authMethod: 'test' },
    commandId: commandIdOf(drawn),
    correlationId: 'request-1',
    causationId: 'request-1',
    dialect: 'batch',
    requestId: 'request-1',
    origin: 'test',
    policy: { id: 'test', version: '1' },
    at: atTime(0),
    ...over,
  }
}

/** The same command again: one key, and the hash of the body that came with it. */
export const keyed = (number: number, bodyHash = 'body-1'): CommandContext =>
  contextOf({ commandId: commandIdOf(number), bodyHash })
