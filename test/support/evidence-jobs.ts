import { dirname } from 'node:path'
import type { EvidenceJobs, MakeChain } from '../../src/app/ports/evidence-jobs.ts'
import type { Log } from '../../src/app/ports/follower.ts'
import { JobFiles } from '../../src/evidence/jobs/files.ts'
import { ChainJobs } from '../../src/evidence/jobs/jobs.ts'
import { temporaryFile } from './views.ts'

interface Options {
  nowMs(): number
  log: Log
}

const bounds = { jobsMax: 3, bytesMax: 1_000_000, keepMs: 3_600_000, partLeavesMax: 100 }

/** Jobs that are made by the time that they have been asked for. */
export const evidenceJobsIn = (makeChain: (leaves: number) => MakeChain, { nowMs, log }: Options): EvidenceJobs => {
  let opened: Promise<ChainJobs> | undefined
  const open = async () => {
    const files = await JobFiles.open(dirname(temporaryFile('jobs')))
    return ChainJobs.open({ files, make: makeChain(bounds.partLeavesMax), bounds, nowMs, log })
  }
  const jobs = () => {
    opened ??= open()
    return opened
  }
  return {
    bounds,
    ask: async (...asked) => {
      const answered = await (await jobs()).ask(...asked)
      await (await jobs()).idle()
      return answered
    },
    list: async (tenant) => (await jobs()).list(tenant),
    get: async (tenant, id) => (await jobs()).get(tenant, id),
    open: async (job) => (await jobs()).open(job),
    remove: async (tenant, id) => (await jobs()).remove(tenant, id),
  }
}
