import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { NatsServer } from '../support/nats-server.ts'
import { BatchClient } from './batch-client.ts'
import { drillPipelines, Service, startNode, startService, temporaryDir } from './service.ts'

/** Stopped with the test. */
export const kept = (service: Service): Service => {
  onTestFinished(async () => {
    await service.stop()
  })
  return service
}

/** A ledger, a bus and an API that works on nothing itself; workers are started as a test needs them. */
export const openStack = async (over: Record<string, string> = {}) => {
  const dir = await temporaryDir('workers')
  const nats = await NatsServer.start()
  const node = kept(await startNode(join(dir, 'ledger')))
  const shared = {
    EVENTSTORE_URL: node.url,
    NATS_URL: nats.url,
    TENANTS_DIR: join(dir, 'tenants'),
    PIPELINES_DIR: drillPipelines,
    RUN_LEASE_MS: '2000',
    ...over,
  }
  const api = kept(await startService({ ...shared, DATA_DIR: join(dir, 'api'), WORKER: 'none' }))
  const startWorker = async (name: string, ...more: string[]): Promise<Service> => {
    const args = ['worker', '--concurrency', '2', ...more]
    const worker = kept(new Service(args, { ...shared, DATA_DIR: join(dir, name) }))
    await worker.says(/^ledgerline worker ready$/m)
    return worker
  }
  return { client: new BatchClient(api.url), nats, node, shared, startWorker }
}
