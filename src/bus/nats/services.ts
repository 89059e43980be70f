import { ErrorCode, NatsError, RequestStrategy, type ServiceStats } from 'nats'
import type { Log } from '../../app/ports/follower.ts'
import type { WorkerCard, WorkerDirectory, WorkerStats } from '../../app/ports/worker-directory.ts'
import { Link } from './link.ts'

const serviceName = 'ledgerline-worker'
const endpoint = 'work'
const answersWithinMs = 1_000

/** Workers as a NATS service (micro): tools that know those find them too. */
export class NatsWorkerDirectory implements WorkerDirectory {
  private readonly link: Link
  private readonly version: string

  /** `version` is a semantic one. */
  constructor(link: Link, version: string) {
    this.link = link
    this.version = version
  }

  async announce(card: WorkerCard, stats: () => WorkerStats): Promise<() => Promise<void>> {
    const { engine, instance, concurrency, host, pid } = card
    const service = await this.link.nc.services.add({
      name: serviceName,
      version: this.version,
      description: 'takes jobs and runs them on an engine',
      metadata: { engine, instance, concurrency: String(concurrency), host, pid: String(pid) },
      statsHandler: async () => stats(),
    })
    // Statistics belong to an endpoint; this one answers them too.
    service.addEndpoint(endpoint, {
      subject: `ledgerline.workers.${service.info().id}`,
      handler: (error, message) => {
        if (!error) message.respond(JSON.stringify(stats()))
      },
    })
    return async () => {
      await service.stop()
    }
  }
}

/** The workers that answer within a second, by host and process. Throws BusUnavailable. */
export const findWorkers = async (url: string, log: Log): Promise<(WorkerCard & WorkerStats)[]> => {
  const link = await Link.open(url, log)
  try {
    const client = link.nc.services.client({ strategy: RequestStrategy.Timer, maxWait: answersWithinMs })
    const found: (WorkerCard & WorkerStats)[] = []
    for await (const answer of await client.stats(serviceName)) found.push(workerOf(answer))
    return found.sort((a, b) => a.host.localeCompare(b.host) || a.pid - b.pid)
  } catch (error) {
    if (error instanceof NatsError && error.code === ErrorCode.NoResponders) return []
    throw error
  } finally {
    await link.close(answersWithinMs)
  }
}

/** Anyone may answer on a server: what is missing is shown as nothing. */
const workerOf = ({ metadata = {}, started, endpoints = [] }: ServiceStats): WorkerCard & WorkerStats => {
  const data = endpoints.find(({ name }) => name === endpoint)?.data
  const stats: Record<string, unknown> = typeof data === 'object' && data !== null ? { ...data } : {}
  const count = (value: unknown) => (Number.isSafeInteger(Number(value)) ? Number(value) : 0)
  return {
    engine: metadata.engine ?? '',
    instance: metadata.instance ?? '',
    concurrency: count(metadata.concurrency),
    host: metadata.host ?? '',
    pid: count(metadata.pid),
    active: count(stats.active),
    paused: count(stats.paused),
    finished: count(stats.finished),
    failed: count(stats.failed),
    startedAt: typeof stats.startedAt === 'string' ? stats.startedAt : started,
  }
}
