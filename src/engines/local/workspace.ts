import { mkdir, realpath } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import type { EngineJob } from '../../app/ports/engine.ts'
import type { SayInLog } from '../../app/ports/run-logs.ts'
import type { RunId, TenantId } from '../../domain/ids.ts'
import { pathProblem, reservedFolder, stagingFolder } from '../../domain/pipeline/relative-path.ts'
import { failed, isMissing } from './errors.ts'

/** Where one attempt of a run works. `root` is the real path of the tenant's directory; the rest is relative to it. */
export interface Workspace {
  job: EngineJob
  /** Into the run's log. */
  say: SayInLog
  root: string
  /** Folder of the run's staging. */
  run: string
  /** Folder of what this attempt stages. */
  attempt: string
}

export const openWorkspace = async (root: string, job: EngineJob, say: SayInLog): Promise<Workspace> => {
  const run = await runFolder(root, job.runId)
  return { job, say, root, run, attempt: `${run}/${job.attempt}` }
}

export const tenantRoot = async (tenantsDir: string, tenant: TenantId): Promise<string> => {
  const path = join(tenantsDir, tenant)
  await mkdir(path, { recursive: true })
  return realpath(path)
}

/** A run id may be '.' or '..', which would be another folder. */
export const runFolder = async (root: string, runId: RunId): Promise<string> => {
  const folder = `${stagingFolder}/${runId}`
  if (runId === '.' || runId === '..') throw failed(`'${runId}' cannot name a folder`)
  await checkInside(root, folder)
  return folder
}

export const reservationFile = async (root: string, name: string): Promise<string> => {
  const path = `${reservedFolder}/${name}`
  await checkInside(root, path)
  return join(root, path)
}

/** The absolute path of a manifest's path. Refuses one that leads out of the tenant's directory, by '..' or by links. */
export const insideTenant = async (root: string, path: string): Promise<string> => {
  const problem = pathProblem(path)
  if (problem !== null) throw failed(`The path '${path}' ${problem}`)
  await checkInside(root, path)
  return join(root, path)
}

const checkInside = async (root: string, path: string): Promise<void> => {
  const real = await realpathOfNearest(join(root, path))
  if (real !== root && !real.startsWith(`${root}${sep}`))
    throw failed(`The path '${path}' leads out of the tenant's directory`)
}

/** A file that is yet to be made has no real path, but the folder that it will be in has. */
const realpathOfNearest = async (path: string): Promise<string> => {
  try {
    return await realpath(path)
  } catch (error) {
    if (!isMissing(error) || dirname(path) === path) throw error
    return realpathOfNearest(dirname(path))
  }
}
