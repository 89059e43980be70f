import type { ApprovalNeeded, Requirement } from '../domain/approval/events.ts'
import { canonicalJson } from '../domain/canonical-json.ts'
import type { JsonObject } from '../domain/json.ts'
import { type CommandContext, sha256Hex } from './context.ts'
import { uuidv5 } from './ids.ts'

/** Who has to approve a command; nobody, where `required` is empty. */
export interface ApprovalRequired {
  required: Requirement[]
  /** ISO time until which it may be given. */
  expiresAt: string
}

/** A command that may have to be approved; `commandHash` is the SHA-256 of its RFC 8785 JSON, in lower-case hex. */
export interface Approvable {
  command: JsonObject
  commandHash: string
}

export const approvable = (command: JsonObject): Approvable => ({
  command,
  commandHash: sha256Hex(canonicalJson(command)),
})

/** The approval that a command has to wait for; undefined where nobody has to give any. */
export const approvalFor = (
  { commandHash }: Approvable,
  { required, expiresAt }: ApprovalRequired,
  { commandId, actor }: CommandContext,
): ApprovalNeeded | undefined =>
  required.length === 0
    ? undefined
    : { approvalId: uuidv5('approval', commandId), commandHash, requestedBy: actor, required, expiresAt }
