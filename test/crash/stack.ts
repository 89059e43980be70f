import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { drillPipelines, pause, Service, startNode, temporaryDir } from '../e2e/service.ts'
import { NatsServer } from '../support/nats-server.ts'

const readyOf = { serve: /^ledgerline ready (\S+)$/m, worker: /^(ledgerline worker ready)$/m }

/** A process of the stack, which is killed and comes back with the same data. */
class Member {
  private readonly args: readonly [keyof typeof readyOf, ...string[]]
  private readonly env: Record<string, string>
  private service: Service | undefined

  constructor(args: readonly [keyof typeof readyOf, ...string[]], env: Record<string, string>) {
    this.args = args
    this.env = env
  }

  async start(): Promise<void> {
    const service = new Service(this.args, this.env)
    this.service = service
    onTestFinished(async () => {
      await service.stop()
    })
    service.url = await service.says(readyOf[this.args[0]])
  }

  get url(): string {
    return this.service?.url ?? ''
  }

  async kill(): Promise<void> {
    await this.service?.killGroup()
  }

  async stop(): Promise<number | null> {
    return this.service ? this.service.stop() : null
  }
}

/** One ledger, one NATS, and as many APIs and workers as a test asks for, which share both and the keys. */
export const openStack = async (apis: number, workers: number, over: Record<string, string> = {}) => {
  const dir = await temporaryDir('stack')
  const nats = await NatsServer.start()
  const node = await startNode(join(dir, 'ledger'))
  onTestFinished(async () => {
    await node.stop()
  })
  const shared = {
    EVENTSTORE_URL: node.url,
    NATS_URL: nats.url,
    TENANTS_DIR: join(dir, 'tenants'),
    KEYS_DIR: join(dir, 'keys'),
    PIPELINES_DIR: drillPipelines,
    RUN_LEASE_MS: '2000',
    LOG_LEVEL: 'warn',
    ...over,
  }
  const member = (kind: keyof typeof readyOf, name: string, ...more: string[]) =>
    new Member([kind, ...more], { ...shared, DATA_DIR: join(dir, name), WORKER: 'none' })
  const stack = {
    dir,
    nats,
    node,
    apis: Array.from({ length: apis }, (_, n) => member('serve', `api-${n}`)),
    workers: Array.from({ length: workers }, (_, n) => member('worker', `worker-${n}`, '--concurrency', '8')),
  }
  for (const each of stack.apis) await each.start()
  await Promise.all(stack.workers.map((worker) => worker.start()))
  return stack
}

/** Polls until it is so; says after how long. */
export const untilSo = async (isSo: () => boolean | Promise<boolean>, timeoutMs: number): Promise<number> => {
  const started = performance.now()
  while (!(await isSo())) {
    const passed = performance.now() - started
    if (passed > timeoutMs) throw new Error(`not within ${timeoutMs} ms: ${isSo}`)
    await pause(50)
  }
  return Math.round(performance.now() - started)
}
