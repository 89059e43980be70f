import { createHash } from 'node:crypto'
import type { CommandId, TenantId } from '../domain/ids.ts'
import type { EventMetadata } from '../domain/metadata.ts'
import { drawBytes, freshCommandId, uuidv5 } from './ids.ts'

/** What a command's metadata has only once it is decided. */
type Decided = 'command' | 'bodyHash' | 'approvals' | 'occurredAt' | 'schema' | 'salt'

/** Who asks for a command, on what ground and from where: fixed once, before anything is decided. */
export interface CommandContext extends Omit<EventMetadata, Decided> {
  /** ISO time; a command's clock. */
  at: string
  /** SHA-256 of what the caller sent, where it gave the command's id; by default of the command itself. */
  bodyHash?: string
  /** By which it may be done, where that takes approvals. */
  approvals?: readonly string[]
}

/** What led to a command: the event or message behind it, and the request that began it all. */
export interface Cause {
  correlationId: string
  causationId: string
}

/** The context of a command that a part of the system gives itself. */
export const systemContext = (tenant: TenantId, component: string, nowMs: number, cause?: Cause): CommandContext => {
  const commandId = freshCommandId(nowMs)
  return {
    tenant,
    actor: { pseudonym: 'system', kind: 'service', roles: ['service'], authMethod: 'internal' },
    commandId,
    correlationId: cause?.correlationId ?? commandId,
    causationId: cause?.causationId ?? commandId,
    dialect: 'internal',
    requestId: commandId,
    origin: component,
    policy: { id: 'system', version: '1' },
    at: new Date(nowMs).toISOString(),
  }
}

/** The same caller's next command on another stream: its id derives from the first. */
export const subcommand = (context: CommandContext, name: string): CommandContext => ({
  ...context,
  commandId: uuidv5('sub', context.commandId, name) as CommandId,
  causationId: context.commandId,
})

export const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex')

/**
 * The metadata of a command's events, by index. Salts are drawn once for each index, so that a retry appends the
 * same bytes.
 */
export const metadataFactory = (command: { type: string }, context: CommandContext) => {
  const salts: string[] = []
  const { at, bodyHash = sha256Hex(JSON.stringify(command)), approvals = [], ...who } = context
  return (index: number): EventMetadata => {
    salts[index] ??= drawBytes(32).toString('base64')
    return { ...who, command: command.type, bodyHash, approvals, occurredAt: at, schema: 1, salt: salts[index] }
  }
}
