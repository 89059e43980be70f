import { Agent, get } from 'node:http'
import { expect, test } from 'vitest'
import { close, listen, portOf } from '../../src/host/http-server.ts'

const statusOf = (port: number, agent: Agent): Promise<number | string> =>
  new Promise((resolve) => {
    const request = get({ port, host: '127.0.0.1', agent }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0))
    })
    request.on('error', (error) => resolve('code' in error ? String(error.code) : error.message))
  })

/** A server whose answers come when `answer` is called. */
const waiting = async () => {
  const answers: (() => void)[] = []
  const server = await listen('127.0.0.1', 0, (_, response) => void answers.push(() => response.end('done')))
  const agent = new Agent({ keepAlive: true })
  return { server, port: portOf(server), agent, answers }
}

const arrived = async (answers: readonly unknown[]): Promise<void> => {
  while (answers.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
}

test('a server that closes answers what is in flight, takes nothing new, and does not wait for idle connections', async () => {
  const { server, port, agent, answers } = await waiting()
  const inFlight = statusOf(port, agent)
  await arrived(answers)
  const before = performance.now()
  const closed = close(server, 30_000)
  expect(await statusOf(port, new Agent())).toBe('ECONNREFUSED')
  for (const answer of answers) answer()
  expect(await inFlight).toBe(200)
  await closed
  expect(performance.now() - before).toBeLessThan(10_000)
  await close(server, 30_000)
})

test('what is not answered by the end of the grace is broken off', async () => {
  const { server, port, agent, answers } = await waiting()
  const inFlight = statusOf(port, agent)
  await arrived(answers)
  await close(server, 50)
  expect(await inFlight).toBe('ECONNRESET')
})
