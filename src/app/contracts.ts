import { type Contract, contractDecider, type RegisterContract } from '../domain/contract/decide.ts'
import type { ContractEvent } from '../domain/contract/events.ts'
import type { Aggregate } from './aggregates.ts'

/** One stream per contract, by its name. */
export const contracts: Aggregate<Contract, RegisterContract, ContractEvent> = {
  category: 'contract',
  decider: contractDecider,
  fold: 'all',
  types: { ContractRegistered: true },
}
