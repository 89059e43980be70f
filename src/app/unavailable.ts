import { Rejection } from '../domain/codes.ts'
import { LedgerUnavailable } from './ports/ledger.ts'

export const unavailable = () =>
  new Rejection('LEDGER_UNAVAILABLE', 'the ledger does not answer; nothing was changed by this answer, ask again')

export const orUnavailable = async <Result>(read: () => Promise<Result>): Promise<Result> => {
  try {
    return await read()
  } catch (error) {
    throw error instanceof LedgerUnavailable ? unavailable() : error
  }
}
