import { access, constants, mkdir } from 'node:fs/promises'

/** Why this process cannot start, in one sentence for the operator. */
export class StartError extends Error {}

/** Creates the directory if need be. Throws StartError where it cannot be written. */
export const openDataDir = async (dir: string): Promise<void> => {
  try {
    await mkdir(dir, { recursive: true })
    await access(dir, constants.W_OK | constants.X_OK)
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason'
    throw new StartError(`the directory ${dir} cannot be written (${reason})`)
  }
}
