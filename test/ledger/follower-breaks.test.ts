import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { FakeSource, Recorder } from '../support/fake-source.ts'
import { dawdle, following, passMs, positions } from '../support/following.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

describe('a connection', () => {
  test('that is lost is made again, and nothing is lost or repeated', async () => {
    const source = new FakeSource()
    const handler = new Recorder('a')
    await following(source, handler)
    source.grow(2)
    await passMs(1)
    source.breakOff()
    source.grow(3)
    await passMs(600)
    source.breakOff()
    await passMs(600)
    source.grow(1)
    await passMs(1)
    expect(handler.seen).toEqual(positions(6))
    expect(source.follows).toEqual([-1n, 20n, 50n])
  })

  test('that is lost while the past is read is made again where the handler is', async () => {
    const source = new FakeSource()
    source.grow(5_200)
    source.pastBreaks = [2_800, 0, 10]
    const handler = new Recorder('a')
    await following(source, handler)
    await passMs(3_000)
    expect(handler.seen).toEqual(positions(5_200))
    expect(source.pasts.slice(0, 3)).toEqual([-1n, 20_000n, 20_000n])
  })
})

describe('what is in the ledger', () => {
  test('and cannot be read is passed over, and said', async () => {
    const source = new FakeSource()
    source.grow(1)
    source.grow(1, { metadata: {} })
    const handler = new Recorder('a')
    const { log } = await following(source, handler)
    source.grow(1, { data: { runId: 'not / an id' } })
    source.grow(1)
    await passMs(1)
    expect(handler.seen).toEqual([10n, 40n])
    expect(log.lines.filter((line) => line.includes('cannot be read'))).toHaveLength(2)
  })

  test('of an unknown type is handed on', async () => {
    const source = new FakeSource()
    const handler = new Recorder('a')
    await following(source, handler)
    source.grow(1, { type: 'RunTeleported' })
    await passMs(1)
    expect(handler.seen).toEqual([10n])
  })
})

describe('a follower that is stopped', () => {
  test('ends at once while the ledger is silent', async () => {
    const source = new FakeSource()
    const { follower } = await following(source, new Recorder('a'))
    let isStopped = false
    const stopping = follower.stop().then(() => {
      isStopped = true
    })
    await passMs(1)
    expect(isStopped).toBe(true)
    await stopping
  })

  test('lets the batch in work finish, and hands out no other', async () => {
    const source = new FakeSource()
    const handler = new Recorder('a')
    handler.before = [dawdle(1_000)]
    const { follower } = await following(source, handler)
    source.grow(1)
    await passMs(1)
    source.grow(5)
    const stopping = follower.stop()
    await passMs(1_500)
    await stopping
    source.grow(5)
    await passMs(10_000)
    expect(handler.seen).toEqual([10n])
  })

  test('does not wait longer than two seconds for a handler that hangs', async () => {
    const source = new FakeSource()
    const handler = new Recorder('a')
    handler.before = [() => new Promise(() => undefined)]
    const { follower } = await following(source, handler)
    source.grow(1)
    await passMs(1)
    let isStopped = false
    const stopping = follower.stop().then(() => {
      isStopped = true
    })
    await passMs(2_000)
    expect(isStopped).toBe(true)
    await stopping
  })
})
