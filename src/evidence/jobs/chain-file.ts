import { open } from 'node:fs/promises'
import type { PeriodAsked } from '../../app/ports/evidence.ts'
import type { ChainFileMade, ChainProgress } from '../../app/ports/evidence-jobs.ts'
import { Rejection } from '../../domain/codes.ts'
import type { LogName } from '../leaf.ts'
import type { BundleDeps } from '../log/bundles.ts'
import { chainOf } from '../log/chain.ts'

const fileMode = 0o600
const newline = Buffer.from('\n')

interface Target {
  path: string
  bytesMax: number
  partLeavesMax: number
}

/**
 * Writes a chain to a file: each part, and a newline after it. It is whole and durable when this resolves; before that,
 * and after an error, it is not.
 */
export const chainFileOf = async (
  deps: BundleDeps,
  tenant: string,
  log: LogName,
  asked: PeriodAsked,
  { path, bytesMax, partLeavesMax }: Target,
  progress: (progress: ChainProgress) => void,
): Promise<ChainFileMade | null> => {
  const file = await open(path, 'w', fileMode)
  let bytes = 0
  const write = async (part: Uint8Array): Promise<void> => {
    bytes += part.length + newline.length
    if (bytes > bytesMax) throw tooLarge(bytesMax)
    await file.writeFile(part)
    await file.writeFile(newline)
  }
  try {
    const made = await chainOf(deps, tenant, log, asked, { partLeavesMax, write, progress })
    await file.sync()
    return made && { ...made, bytes }
  } finally {
    await file.close()
  }
}

const tooLarge = (bytesMax: number) =>
  new Rejection(
    'EVIDENCE_JOBS_FULL',
    `the result is larger than the ${bytesMax} bytes that are left for this tenant; delete other jobs, or ask for a shorter period`,
    { bytes_max: bytesMax },
  )
