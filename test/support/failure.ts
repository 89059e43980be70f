import { Rejection } from '../../src/domain/codes.ts'

/** The code of the rejection that a promise ends with; 'none' when it does not. Anything else is thrown on. */
export const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
  } catch (error) {
    if (error instanceof Rejection) return error.code
    throw error
  }
  return 'none'
}
