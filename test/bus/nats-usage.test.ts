import { describe, expect, test } from 'vitest'
import type { Usage } from '../../src/app/ports/bus.ts'
import { NatsServer, named, noNatsServer } from '../support/nats-server.ts'
import { sleep, until } from '../support/waiting.ts'

const usage: Usage[] = [{ bucket: 'free', key: 'k', points: 3 }]

describe.skipIf(noNatsServer)(named('nats: what calls were let through'), () => {
  const two = async () => {
    const server = await NatsServer.start()
    const [one, other] = [await server.bus(), await server.bus()]
    const heard: Usage[] = []
    const stop = other.onUsage((told) => heard.push(...told))
    return { server, one, other, heard, stop }
  }

  test('is told to the other process, however much it is, until that listens no more', async () => {
    const { one, heard, stop } = await two()
    const much = Array.from({ length: 2_500 }, (_, n) => ({ bucket: 'none', key: `key ${n}`, points: n + 1 }))
    await until(async () => {
      one.sendUsage(usage)
      await sleep(10)
      return heard.length > 0
    })
    heard.length = 0
    one.sendUsage(much)
    await until(() => heard.length === much.length)
    expect(heard).toEqual(much)
    stop()
    one.sendUsage(usage)
    await sleep(50)
    expect(heard).toHaveLength(much.length)
  })

  test.each([
    ['no JSON', 'points'],
    ['no list', '{"from":"x","usage":{}}'],
    ['no sender', '{"usage":[{"bucket":"free","key":"k","points":3}]}'],
    ['no points', '{"from":"x","usage":[{"bucket":"free","key":"k"}]}'],
    ['points that are taken away', '{"from":"x","usage":[{"bucket":"free","key":"k","points":-3}]}'],
    ['half a point', '{"from":"x","usage":[{"bucket":"free","key":"k","points":0.5}]}'],
    ['a key without end', `{"from":"x","usage":[{"bucket":"free","key":"${'k'.repeat(65)}","points":3}]}`],
  ])('that is not ours counts for nothing: %s', async (_, text) => {
    const { server, one, heard } = await two()
    const stranger = await server.client()
    stranger.publish('ledgerline.limits', text)
    await stranger.flush()
    await until(async () => {
      one.sendUsage(usage)
      await sleep(10)
      return heard.length > 0
    })
    expect(heard.every((told) => told.bucket === 'free' && told.points === 3 && told.key === 'k')).toBe(true)
    expect(heard.length).toBeGreaterThan(0)
  })

  test('while the server is away is forgotten, and what is said later is heard', async () => {
    const { server, one, heard } = await two()
    await server.stop()
    await sleep(50)
    one.sendUsage([{ bucket: 'free', key: 'away', points: 1 }])
    await server.start()
    await until(async () => {
      one.sendUsage(usage)
      await sleep(20)
      return heard.length > 0
    }, 20_000)
    expect(heard.filter(({ key }) => key === 'away')).toEqual([])
  })
})
