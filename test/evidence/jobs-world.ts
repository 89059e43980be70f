import { readdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import type { ChainWork, EvidenceJobs, MakeChain } from '../../src/app/ports/evidence-jobs.ts'
import { JobFiles } from '../../src/evidence/jobs/files.ts'
import { ChainJobs } from '../../src/evidence/jobs/jobs.ts'
import { tenant } from '../support/ids.ts'
import { SilentLog } from '../support/log.ts'
import { temporaryFile } from '../support/views.ts'

const asked = { from: '2026-01-01T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z', types: null }
const made = { first: 0, size: 10, parts: 2, begin: null, end: '2026-02-01T00:00:01.000Z', bytes: 7 }
const bounds: EvidenceJobs['bounds'] = { jobsMax: 3, bytesMax: 20, keepMs: 1_000, partLeavesMax: 5 }

interface Started extends ChainWork {
  resolve(bytes?: number): void
  reject(error: unknown): void
}

/** Jobs in a folder, whose chains are made when the test says so. */
export const jobsWorld = async (dir = dirname(temporaryFile('jobs')), nowMs = { now: 0 }) => {
  const log = new SilentLog()
  const started: Started[] = []
  const make: MakeChain = (_tenant, _log, _asked, work) =>
    new Promise((resolve, reject) => {
      writeFileSync(work.path, 'half')
      work.signal.addEventListener('abort', () => reject(new Error('ended')))
      const finish = (bytes = 7) => {
        writeFileSync(work.path, 'x'.repeat(bytes))
        resolve({ ...made, bytes })
      }
      started.push({ ...work, resolve: finish, reject })
    })
  const files = await JobFiles.open(dir)
  const jobs = await ChainJobs.open({ files, make, bounds, nowMs: () => nowMs.now, log })
  onTestFinished(() => jobs.stop())
  const ask = (who = tenant) => jobs.ask(who, 'commands', asked)
  /** The n-th chain that was begun, as soon as it is. */
  const begun = (n: number) =>
    expect
      .poll(() => started[n])
      .toBeDefined()
      .then(() => started[n] as Started)
  const stateOf = async (id: string) => (await jobs.get(tenant, id))?.status
  const textOf = async (id: string) => {
    const job = await jobs.get(tenant, id)
    const stream = job && (await jobs.open(job))
    return stream ? new Response(stream).text() : null
  }
  const left = () => readdirSync(dir).filter((name) => name !== 'tmp')
  return { dir, nowMs, log, started, jobs, ask, begun, stateOf, textOf, left }
}
