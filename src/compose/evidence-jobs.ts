import { join } from 'node:path'
import type { EvidenceJobs, MakeChain } from '../app/ports/evidence-jobs.ts'
import type { Log } from '../app/ports/follower.ts'
import type { Config } from '../config.ts'
import { JobFiles } from '../evidence/jobs/files.ts'
import { ChainJobs } from '../evidence/jobs/jobs.ts'
import { BundleThread, type EvidenceParts } from './evidence-service.ts'
import type { Stop } from './stop.ts'

const jobsMax = 4
const keepMs = 86_400_000
const sweepEveryMs = 60_000

/** Jobs for periods that are too long for one bundle. */
export const serveEvidenceJobs = async (
  { dataDir, evidenceJobs }: Config,
  parts: EvidenceParts,
  log: Log,
  stops: Stop[],
): Promise<EvidenceJobs> => {
  const jobs = await ChainJobs.open({
    files: await JobFiles.open(join(dataDir, 'evidence-jobs')),
    make: chainMaker(parts, evidenceJobs.partLeavesMax),
    bounds: { ...evidenceJobs, jobsMax, keepMs },
    nowMs: Date.now,
    log,
  })
  const sweep = () => jobs.sweep().catch((error) => log.warn('old evidence stays', { error: String(error) }))
  const timer = setInterval(() => void sweep(), sweepEveryMs)
  stops.push(() => clearInterval(timer))
  stops.push(() => jobs.stop())
  return jobs
}

/** In a thread beside that of the bundles, which so need not wait; it ends with the chain, and its memory with it. */
const chainMaker =
  (parts: EvidenceParts, partLeavesMax: number): MakeChain =>
  async (tenant, log, asked, { path, bytesMax, signal, progress }) => {
    signal.throwIfAborted()
    const thread = new BundleThread(parts)
    const end = () => void thread.stop()
    signal.addEventListener('abort', end, { once: true })
    try {
      return await thread.chain(tenant, log, { asked, path, bytesMax, partLeavesMax }, progress)
    } finally {
      signal.removeEventListener('abort', end)
      await thread.stop()
    }
  }
