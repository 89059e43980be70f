import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { BusUnavailable } from '../../src/bus/error.ts'
import { openNatsBus } from '../../src/bus/nats/bus.ts'
import { NatsServerFailure, spawnNatsServer } from '../../src/bus/spawn-server.ts'
import { SilentLog } from '../support/log.ts'
import { compiledBus, isAlive, NatsServer, named, newStorage, noNatsServer, runChild } from '../support/nats-server.ts'
import { until } from '../support/waiting.ts'

const spawner = `
const [, module, dir] = process.argv
const { spawnNatsServer } = await import(module)
const { pid } = await spawnNatsServer({ storageDir: dir })
process.stdout.write(pid + '\\n')
setInterval(() => undefined, 1000)
`

describe.skipIf(noNatsServer)(named('nats: a server of our own'), () => {
  test.each(['SIGKILL', 'SIGTERM'] as const)('stops with its parent, even by %s', async (signal) => {
    const { child, lines } = runChild(spawner, [join(compiledBus(), 'spawn-server.js'), newStorage()])
    await until(() => lines().length === 1, 20_000)
    const pid = Number(lines()[0])
    expect(isAlive(pid)).toBe(true)
    child.kill(signal)
    await until(() => !isAlive(pid))
  })

  test('stops when told to, and says so when it ends by itself', async () => {
    const server = await spawnNatsServer({ storageDir: newStorage() })
    await server.stop()
    expect(isAlive(server.pid)).toBe(false)
    const other = await spawnNatsServer({ storageDir: newStorage() })
    process.kill(other.pid, 'SIGKILL')
    await other.ended
    await other.stop()
  })

  test('does not start on a port that is taken', async () => {
    const { port } = await spawnedHere()
    await expect(spawnNatsServer({ storageDir: newStorage(), port })).rejects.toThrow(
      `nats-server does not start: port ${port} on 127.0.0.1 is taken by another process`,
    )
  })

  const spawnedHere = async () => {
    const server = await spawnNatsServer({ storageDir: newStorage() })
    onTestFinished(() => server.stop())
    return server
  }

  test('does not start where it cannot keep anything', async () => {
    const file = join(newStorage(), 'file')
    writeFileSync(file, '')
    await expect(spawnNatsServer({ storageDir: join(file, 'nats') })).rejects.toThrow(
      `nats-server cannot keep its streams in ${file}/nats: ENOTDIR`,
    )
  })
})

test('nats: a binary that is not there is said with the line that installs it', async () => {
  const spawning = spawnNatsServer({ storageDir: newStorage(), binary: '/nowhere/nats-server' })
  await expect(spawning).rejects.toBeInstanceOf(NatsServerFailure)
  await expect(spawning).rejects.toThrow(
    'there is no nats-server at /nowhere/nats-server: `apt-get install nats-server`',
  )
})

describe('nats: opening', () => {
  const open = (url: string) => openNatsBus({ url, log: new SilentLog(), ackWaitMs: 1_000 })

  test('says where it found no server, and keeps the password to itself', async () => {
    const found = open('nats://me:secret@127.0.0.1:1')
    await expect(found).rejects.toThrow(/^no NATS server can be used at 127\.0\.0\.1:1: /)
    await expect(found).rejects.not.toThrow('secret')
    await expect(found).rejects.toBeInstanceOf(BusUnavailable)
    await expect(open('nowhere')).rejects.toThrow('NATS_URL must be nats://HOST:PORT')
  })

  test('says so when what answers is no NATS server', async () => {
    const other = createServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n'))
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void other.close())
    const address = other.address()
    const port = typeof address === 'object' ? address?.port : 0
    await expect(open(`nats://127.0.0.1:${port}`)).rejects.toThrow(/^no NATS server can be used at 127\.0\.0\.1:/)
  })

  test.skipIf(noNatsServer)(named('says so when the server has no JetStream, as Debian starts it'), async () => {
    const server = await NatsServer.startPlain()
    await expect(open(server.url)).rejects.toThrow(/offers no JetStream \(start it with `nats-server -js/)
  })
})
