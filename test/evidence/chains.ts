import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { verifyFile } from '../../src/evidence/verifier/chain.ts'
import type { Policy } from '../../src/evidence/verifier/policy.ts'
import { logOf, trusted } from './world.ts'

export const fileOf = (content: Uint8Array | string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'ledgerline-chain-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'chain')
  writeFileSync(path, content)
  return path
}

export const chainOf = (...parts: (Uint8Array | string)[]): Buffer =>
  Buffer.concat(parts.flatMap((part) => [Buffer.from(part), Buffer.from('\n')]))

/** The verdict, or the check that failed and why. */
export const told = (content: Uint8Array, policy: Policy = trusted): string => {
  const { verdict, checks } = verifyFile(fileOf(content), policy)
  const last = checks.at(-1)
  return verdict === 'FAILED' ? `${last?.name}: ${last?.detail}` : verdict
}

export const log = logOf(23)
export const parts = [log.period(3, 8), log.period(8, 9), log.period(9, 20), log.period(20, 23)] as const
