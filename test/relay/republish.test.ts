import { describe, expect, test } from 'vitest'
import { republish } from '../../src/relay/republish.ts'
import { InMemoryEventStream } from '../support/event-stream.ts'
import { RelayedLedger, startRelay } from '../support/relaying.ts'
import { sleep, until } from '../support/waiting.ts'

const open = async (before: number) => {
  const stream = new InMemoryEventStream()
  const ledger = new RelayedLedger()
  await ledger.grow(before)
  return { stream, ledger }
}

const distinct = (positions: readonly bigint[]): bigint[] => [...new Set(positions)]

describe('publishing again', () => {
  test('begins with the position and ends with the head of the ledger, and counts', async () => {
    const { stream, ledger } = await open(40)
    await startRelay(stream, ledger)
    await until(() => stream.messages.length === 30)
    const from = ledger.published()[20] ?? -1n
    expect(await republish({ stream, past: ledger, mark: 'again' }, from)).toBe(10)
    expect(stream.positions).toEqual([...ledger.published(), ...ledger.published().slice(20)])
    expect(await republish({ stream, past: ledger, mark: 'more' }, from + 1n)).toBe(9)
    expect(await republish({ stream, past: ledger, mark: 'none' }, 1_000_000n)).toBe(0)
  })

  test('leaves the relay where it was', async () => {
    const { stream, ledger } = await open(40)
    const { log } = await startRelay(stream, ledger)
    await until(() => stream.messages.length === 30)
    await republish({ stream, past: ledger, mark: 'again' }, 0n)
    expect((await stream.end()).position).toBe(ledger.published().at(-1))
    await ledger.grow(4)
    await until(() => stream.messages.length === 63)
    await sleep(60)
    expect(stream.positions.slice(60)).toEqual(ledger.published().slice(-3))
    expect(log.lines).toEqual([])
  })

  test('does not keep a relay that is far behind from publishing all', async () => {
    const { stream, ledger } = await open(40)
    await republish({ stream, past: ledger, mark: 'again' }, ledger.published()[25] ?? 0n)
    expect(stream.messages).toHaveLength(5)
    await startRelay(stream, ledger)
    await until(() => stream.messages.length === 35)
    expect(stream.positions.slice(5)).toEqual(ledger.published())
  })

  test('goes on beside a relay at work, and neither loses or repeats what is its own', async () => {
    const { stream, ledger } = await open(800)
    await startRelay(stream, ledger)
    await until(() => stream.messages.length === 600)
    const again = republish({ stream, past: ledger, mark: 'again' }, 0n)
    for (let round = 0; round < 50; round += 1) {
      await ledger.grow(4)
      await sleep(1)
    }
    expect(await again).toBe(600)
    await until(() => stream.messages.length === 600 + 600 + 150)
    const marked = ({ message }: { message: { id: string } }) => message.id.endsWith('again')
    const [repeated, own] = [true, false].map((isMarked) =>
      stream.messages.filter((each) => marked(each) === isMarked).map(({ message }) => message.position),
    )
    expect(own).toEqual(ledger.published())
    expect(repeated).toEqual(ledger.published().slice(0, 600))
  })

  test('stores each message once, whatever befalls the answers', async () => {
    const { stream, ledger } = await open(40)
    stream.faults = ['after', 4, 'before', 9]
    expect(await republish({ stream, past: ledger, mark: 'again' }, 0n)).toBe(30)
    expect(stream.positions).toEqual(ledger.published())
  })

  test('goes on when the reading breaks off on its way, and gives up when it does not get on', async () => {
    const { stream, ledger } = await open(40)
    ledger.pastBreaks = [7, 20]
    expect(await republish({ stream, past: ledger, mark: 'again' }, 0n)).toBe(30)
    expect(distinct(stream.positions)).toEqual(ledger.published())
    ledger.pastBreaks = [7, 0]
    await expect(republish({ stream, past: ledger, mark: 'more' }, 0n)).rejects.toThrow('reading broke off')
  })
})
