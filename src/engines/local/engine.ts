import { resolve } from 'node:path'
import type { Engine } from '../../app/ports/engine.ts'
import type { TenantId } from '../../domain/ids.ts'
import type { ScoringStep } from '../../domain/pipeline/manifest.ts'
import { toStageError } from './errors.ts'
import { discardStaging, publishFiles } from './publish.ts'
import type { Step } from './step.ts'
import { openWorkspace, runFolder, tenantRoot } from './workspace.ts'

interface LocalEngineOptions {
  /** Each tenant's files are in the folder of its name. */
  tenantsDir: string
  /** Files that a source may begin with when the tenant has none of that name. */
  samplesDir: string | null
  steps: Record<ScoringStep, Step>
}

/** Only with the first job: DuckDB takes a while to load, and many a process never needs it. */
const loadSession = () => import('./session.ts')

/** The engine of this process: DuckDB over files, and the built-in scoring steps. */
export const localEngine = ({ tenantsDir, samplesDir, steps }: LocalEngineOptions): Engine => {
  const base = resolve(tenantsDir)
  const inTenant = async <T>(tenant: TenantId, work: (root: string) => Promise<T>): Promise<T> => {
    let root = base
    try {
      root = await tenantRoot(base, tenant)
      return await work(root)
    } catch (error) {
      throw toStageError(error, [root, base])
    }
  }
  return {
    name: 'local',
    prepare: async () => void (await loadSession()),
    open: (job, say) =>
      inTenant(job.tenant, async (root) => {
        const { LocalSession } = await loadSession()
        return new LocalSession({ workspace: await openWorkspace(root, job, say), samplesDir, steps })
      }),
    publish: (tenant, runId, files) =>
      inTenant(tenant, async (root) => publishFiles(root, await runFolder(root, runId), files)),
    discard: (tenant, runId) => inTenant(tenant, async (root) => discardStaging(root, await runFolder(root, runId))),
  }
}
