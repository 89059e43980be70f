import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { pause, Service, temporaryDir } from './service.ts'

/** A ledger that takes the connection and never says a word. */
const silentLedger = async (): Promise<string> => {
  const server = createServer((socket) => socket.on('error', () => undefined))
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return `esdb://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}?tls=false`
}

test('a service that is told to end while it is starting ends, with 0', async () => {
  const env = { EVENTSTORE_URL: await silentLedger(), DATA_DIR: await temporaryDir('starting') }
  const service = new Service(['serve'], env)
  onTestFinished(() => service.killGroup())
  await pause(2_500)
  expect(service.child.exitCode).toBeNull()
  service.signal('SIGTERM')
  expect(await service.exited()).toBe(0)
  expect(service.stderr).toContain('ended while it was starting')
})
