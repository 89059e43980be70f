import {
  type Contract,
  type ContractCommand,
  changeOf,
  contractDecider,
  newestVersion,
  type RegisterContract,
} from '../domain/contract/decide.ts'
import type { ContractChange, ContractEvent } from '../domain/contract/events.ts'
import type { JsonObject } from '../domain/json.ts'
import type { Aggregate } from './aggregate.ts'
import { type ApprovalRequired, approvable, approvalFor } from './approval-needed.ts'
import type { CommandContext } from './context.ts'
import type { CommandHandler, Handled } from './handle.ts'

/** One stream per contract, by its name. */
export const contracts: Aggregate<Contract, ContractCommand, ContractEvent> = {
  category: 'contract',
  decider: contractDecider,
  fold: 'all',
  types: { ContractRegistered: true, ContractChangeRequested: true, ContractChangeRefused: true },
}

/** The command that an approval is for. */
export const approvedChange = ({ name, number, version, schema, schemaHash, compatibility }: ContractChange) => {
  const contract = { name, number, version, schema, schemaHash, compatibility }
  return approvable({ type: 'RegisterContract', contract } as unknown as JsonObject)
}

/** Registers a version, or asks for the approval that a change takes. */
export const registerContract = async (
  commands: CommandHandler,
  asked: RegisterContract,
  rule: ApprovalRequired,
  context: CommandContext,
): Promise<Handled<Contract>> => {
  const { state } = await commands.load(contracts, context.tenant, asked.name)
  const change = newestVersion(state) ? changeOf(asked, state) : null
  const approval = change ? approvalFor(approvedChange(change), rule, context) : undefined
  return commands.handle(contracts, asked.name, { ...asked, ...(approval ? { approval } : {}) }, context)
}
