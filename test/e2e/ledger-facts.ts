import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { EventStoreDBClient } from '@eventstore/db-client'

/** One event as the ledger holds it, read with the official client and nothing of ours. */
export interface Fact {
  id: string
  stream: string
  type: string
  position: bigint
  at: Date
  data: Record<string, unknown>
}

export const readLedger = async (url: string): Promise<Fact[]> => {
  const client = EventStoreDBClient.connectionString(url)
  const facts: Fact[] = []
  for await (const { event } of client.readAll()) {
    if (!event || event.streamId.startsWith('$') || !event.isJson) continue
    const data = event.data as Record<string, unknown>
    const { id, streamId: stream, type, created: at } = event
    facts.push({ id, stream, type, position: event.position.commit, at, data })
  }
  void client.dispose()
  return facts
}

const endings = new Set(['RunSucceeded', 'RunFailed', 'RunCanceled', 'RunRejected'])

/** Pairs of runs that were active at one time on one partition; the law says that there is none. */
export const overlaps = (facts: readonly Fact[]): string[] => {
  const active = new Map<string, string>()
  const partitionOf = new Map<string, string>()
  const found: string[] = []
  for (const { type, data } of facts) {
    const runId = String(data.runId)
    if (type === 'RunRequested' && data.partition !== null) {
      const partition = `${String(data.pipelineId)}/${String(data.partition)}`
      const other = active.get(partition)
      if (other !== undefined) found.push(`${other} and ${runId} on ${partition}`)
      active.set(partition, runId)
      partitionOf.set(runId, partition)
    }
    const partition = partitionOf.get(runId)
    if (endings.has(type) && partition !== undefined && active.get(partition) === runId) active.delete(partition)
  }
  return found
}

/** Runs that were asked for and have not come to an end. */
export const unended = (facts: readonly Fact[]): string[] => {
  const open = new Set<string>()
  for (const { type, data } of facts) {
    if (type === 'RunRequested') open.add(String(data.runId))
    if (endings.has(type)) open.delete(String(data.runId))
  }
  return [...open]
}

/** The hash that each published target must have: that of the last run that committed it. */
export const committedTargets = (facts: readonly Fact[]): Map<string, string> => {
  const targets = new Map<string, string>()
  for (const { type, data } of facts) {
    if (type !== 'OutputsCommitted') continue
    for (const { target, sha256 } of data.files as { target: string; sha256: string }[]) targets.set(target, sha256)
  }
  return targets
}

/** The hash of each file below a folder, by its path relative to `root`. */
export const filesBelow = async (root: string, folder: string): Promise<Map<string, string>> => {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true })
  const files = new Map<string, string>()
  for (const entry of entries) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    files.set(
      relative(root, path),
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    )
  }
  return files
}

/** Runs by how often each committed its outputs. */
export const commitsByRun = (facts: readonly Fact[]): Map<string, number> => {
  const commits = new Map<string, number>()
  for (const { type, data } of facts) {
    if (type === 'OutputsCommitted') commits.set(String(data.runId), (commits.get(String(data.runId)) ?? 0) + 1)
  }
  return commits
}
