import { execFileSync } from 'node:child_process'
import { createServer, type Server } from 'node:net'
import { hostname } from 'node:os'
import { describe, expect, onTestFinished, test } from 'vitest'
import { samplesOf } from '../support/exposition.ts'
import { named, noNatsServer } from '../support/nats-server.ts'
import { BatchClient } from './batch-client.ts'
import { drillPipelines, pause, Service, startService, temporaryDir } from './service.ts'
import { kept, openStack } from './worker-stack.ts'

/** What a command prints; its exit code is 0. */
const printed = async (args: string[], env: Record<string, string>): Promise<string> => {
  const command = new Service(args, env)
  expect([await command.exited(), command.stderr]).toEqual([0, ''])
  return command.stdout
}

const takenPort = (): Promise<{ server: Server; port: number }> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve({ server, port: typeof address === 'object' && address ? address.port : 0 })
    })
  })

const freePort = async (): Promise<number> => {
  const { server, port } = await takenPort()
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Process id of the nats-server that keeps its streams in a directory. */
const serverIn = (dir: string): number => {
  const processes = execFileSync('ps', ['-eo', 'pid,args']).toString().split('\n')
  const line = processes.find(
    (each) => / \S*nats-server -a/.test(each) && each.includes(dir) && !each.includes('/bin/sh'),
  )
  return Number(line?.trim().split(/ +/)[0])
}

const until = async (isSo: () => Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 200; tries += 1) {
    if (await isSo()) return
    await pause(50)
  }
  throw new Error(`never so: ${isSo}`)
}

describe.skipIf(noNatsServer)(named('ledgerline workers'), () => {
  test('shows who is there and what they have done, as a table and as JSON', async () => {
    const { client, nats, startWorker } = await openStack()
    const env = { NATS_URL: nats.url }
    expect(await printed(['workers'], env)).toBe('no worker answers\n')
    const workers = [await startWorker('one'), await startWorker('two')]
    const ids = await Promise.all([1, 2, 3].map((n) => client.triggered('drill-sleep', `listed-${n}`)))
    for (const id of ids) await client.finished(id)
    const listed = JSON.parse(await printed(['workers', '--json'], env)) as Record<string, unknown>[]
    expect(listed.map(({ pid }) => pid)).toEqual(
      workers.map(({ child }) => child.pid).sort((a, b) => Number(a) - Number(b)),
    )
    for (const worker of listed) {
      expect(worker).toEqual({
        ...{ engine: 'local', concurrency: 2, host: hostname(), active: 0, paused: 0, failed: 0 },
        pid: expect.any(Number),
        instance: expect.stringMatching(/^[\w-]+\.[\w-]+$/),
        finished: expect.any(Number),
        startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      })
    }
    expect(listed.reduce((sum, { finished }) => sum + Number(finished), 0)).toBe(3)
    const [head, ...rows] = (await printed(['workers'], env)).trimEnd().split('\n')
    expect(head?.split(/ +/)).toEqual([
      ...['HOST', 'PID', 'ENGINE', 'ACTIVE', 'PAUSED', 'FINISHED', 'FAILED', 'STARTED', 'INSTANCE'],
    ])
    expect(rows.map((row) => row.split(/ +/)[3])).toEqual(['0/2', '0/2'])
    await workers[0]?.stop()
    expect(JSON.parse(await printed(['workers', '--json'], env))).toHaveLength(1)
  }, 120_000)
})

test.each([
  [{}, 'workers are found over the bus that they share: NATS_URL=nats://HOST:PORT\n'],
  [{ NATS_URL: 'spawn' }, 'workers are found over the bus that they share: NATS_URL=nats://HOST:PORT\n'],
  [{ NATS_URL: 'nats://127.0.0.1:1' }, 'no NATS server can be used at 127.0.0.1:1: CONNECTION_REFUSED\n'],
])('ledgerline workers with %j says what is missing and exits with 1', async (env, message) => {
  const command = new Service(['workers'], env)
  expect([await command.exited(), command.stderr]).toEqual([1, message])
})

describe.skipIf(noNatsServer)(named("a worker's health port"), () => {
  test('answers 200 as long as ledger and bus are there, and names what is not', async () => {
    const { nats, node, startWorker } = await openStack()
    const port = await freePort()
    const worker = await startWorker('one', '--health-port', String(port))
    const health = async (path = '/health') => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`)
      return [response.status, await response.json()]
    }
    expect(await health()).toEqual([200, { status: 'ok' }])
    expect((await health('/else'))[0]).toBe(404)
    const metrics = async () => samplesOf(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text())
    expect(Object.fromEntries(await metrics())).toMatchObject({
      'ledgerline_up{part="ledger"}': 1,
      'ledgerline_up{part="bus"}': 1,
      ledgerline_worker_jobs: 0,
      'ledgerline_worker_attempts_total{outcome="failed"}': 0,
    })
    await nats.kill()
    await until(async () => (await health())[0] === 503)
    expect(await health()).toEqual([503, { status: 'unhealthy', missing: ['bus'] }])
    await until(async () => (await metrics()).get('ledgerline_up{part="bus"}') === 0)
    await nats.start()
    await until(async () => (await health())[0] === 200)
    await node.killGroup()
    expect(await health()).toEqual([503, { status: 'unhealthy', missing: ['ledger'] }])
    expect(await worker.stop()).toBe(0)
  }, 120_000)

  test.each([
    ['0', '--health-port: must be a port, from 1 to 65535\n'],
    ['web', '--health-port: must be a port, from 1 to 65535\n'],
    ['65536', '--health-port: must be a port, from 1 to 65535\n'],
  ])('%s is refused', async (port, message) => {
    const worker = new Service(['worker', '--health-port', port], {})
    expect([await worker.exited(), worker.stderr]).toEqual([1, message])
  })

  test('that is taken keeps the worker from starting', async () => {
    const { shared } = await openStack()
    const { server, port } = await takenPort()
    onTestFinished(() => void server.close())
    const env = { ...shared, DATA_DIR: await temporaryDir('taken') }
    const worker = kept(new Service(['worker', '--health-port', String(port)], env))
    expect(await worker.exited()).toBe(1)
    expect(worker.stderr).toMatch(new RegExp(`^--health-port: ${port} cannot be bound: .*EADDRINUSE`))
  }, 120_000)
})

describe.skipIf(noNatsServer)(named('a NATS server of the service'), () => {
  test('is started again when it dies, and runs go on', async () => {
    const env = { DATA_DIR: await temporaryDir('respawn'), PIPELINES_DIR: drillPipelines, NATS_URL: 'spawn' }
    const service = kept(await startService(env))
    const client = new BatchClient(service.url)
    expect((await client.finished(await client.triggered('drill-sleep', 'before'))).status).toBe('SUCCESS')
    process.kill(serverIn(env.DATA_DIR), 'SIGKILL')
    await until(async () => service.stdout.includes('nats-server is back'))
    expect(service.stdout).toContain('nats-server has ended by itself; it is started again')
    expect((await client.finished(await client.triggered('drill-sleep', 'after'))).status).toBe('SUCCESS')
    expect(await service.stop()).toBe(0)
    expect(service.stdout.match(/ended by itself/g)).toHaveLength(1)
  }, 120_000)
})
