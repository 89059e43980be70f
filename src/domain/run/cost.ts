import type { RunCost, StagedFile } from './events.ts'
import type { Run } from './state.ts'

/** US dollars per unit, from config. */
export interface CostRates {
  computeSecondUsd: number
  storedGibUsd: number
  movedGibUsd: number
}

const gib = 1024 ** 3

/** What a run has measured, times the rates. A micro-dollar is the smallest unit. */
export const costOf = ({ measured }: Run, files: readonly StagedFile[], rates: CostRates): RunCost => {
  const computeSeconds = measured.computeMs / 1000
  const bytesStored = files.reduce((sum, file) => sum + file.bytes, 0)
  const bytesMoved = measured.bytesRead + measured.bytesWritten
  const computeUsd = micro(computeSeconds * rates.computeSecondUsd)
  const storageUsd = micro((bytesStored / gib) * rates.storedGibUsd)
  const networkUsd = micro((bytesMoved / gib) * rates.movedGibUsd)
  const totalUsd = micro(computeUsd + storageUsd + networkUsd)
  return { computeSeconds, bytesStored, bytesMoved, computeUsd, storageUsd, networkUsd, totalUsd }
}

const micro = (usd: number): number => Math.round(usd * 1e6) / 1e6
