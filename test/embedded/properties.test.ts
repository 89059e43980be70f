import { randomUUID } from 'node:crypto'
import { streamNameFilter } from '@eventstore/db-client'
import sharedPb from '@eventstore/db-client/generated/shared_pb.js'
import type streamsPb from '@eventstore/db-client/generated/streams_pb.js'
import fc from 'fast-check'
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js'
import { expect, test } from 'vitest'
import { batchMessage, batchOptions, fragment, openBatch } from './raw.ts'
import { anEvent, collect, newStream, until, useNode } from './support.ts'

const node = useNode()

type Expectation = 'any' | 'no_stream' | 'stream_exists' | number

/** What a stream is, for the model: the ids in it. */
type Model = Map<string, string[]>

type Answer = { revision: number } | { wrong: number }

/** The rules of part 3.1, written down a second time and as plainly as possible. */
const modelAppend = (model: Model, stream: string, ids: string[], expected: Expectation): Answer => {
  const stored = model.get(stream) ?? []
  const last = stored.length - 1
  const write = (): Answer => {
    model.set(stream, [...stored, ...ids])
    return { revision: last + ids.length }
  }
  if (expected === 'stream_exists' && last === -1) return { wrong: last }
  if (expected === 'any' || expected === 'stream_exists') {
    const found = ids.map((id) => stored.lastIndexOf(id))
    if (found[0] === undefined || found[0] === -1) return write()
    return found.includes(-1) ? { wrong: last } : { revision: found.at(-1) ?? -1 }
  }
  const revision = expected === 'no_stream' ? -1 : expected
  if (revision === last) return write()
  const there = stored.slice(revision + 1, revision + 1 + ids.length)
  const same = ids.length > 0 && there.length === ids.length && there.every((id, index) => id === ids[index])
  return revision < last && same ? { revision: revision + ids.length } : { wrong: last }
}

const expectation = fc.oneof(
  fc.constantFrom<Expectation>('any', 'no_stream', 'stream_exists'),
  fc.integer({ min: 0, max: 8 }),
)
/** Few streams and few ids, so that appends meet each other. */
const command = fc.record({
  stream: fc.integer({ min: 0, max: 2 }),
  ids: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 3 }),
  expected: expectation,
})

const optionsFor = (stream: string, expected: Expectation) => {
  const options = batchOptions(stream)
  if (expected === 'no_stream') return options.setNoStream(new emptyPb.Empty())
  if (expected === 'stream_exists') return options.setStreamExists(new emptyPb.Empty())
  return expected === 'any' ? options : options.setStreamPosition(String(expected))
}

const answerOf = (response: streamsPb.BatchAppendResp): Answer => {
  const success = response.getSuccess()
  if (success !== undefined) return { revision: success.hasNoStream() ? -1 : Number(success.getCurrentRevision()) }
  const wrong = response
    .getError()
    ?.getDetails()
    ?.unpack(sharedPb.WrongExpectedVersion.deserializeBinary, 'event_store.client.WrongExpectedVersion')
  return { wrong: wrong?.hasCurrentNoStream() ? -1 : Number(wrong?.getCurrentStreamRevision()) }
}

test('appends under all expectations, sent together, answer and store what the model says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: 25 }), async (commands) => {
      const prefix = randomUUID()
      const streamOf = (n: number) => `${prefix}-${n}`
      const idOf = (n: number) => `${prefix.slice(0, 35)}${n}`
      const model: Model = new Map()
      const { call, answers, ended } = openBatch(node.url)
      const correlations = commands.map(() => randomUUID())
      for (const [index, { stream, ids, expected }] of commands.entries()) {
        const messages = ids.map((id) => batchMessage({ id: idOf(id) }))
        call.write(fragment(correlations[index] ?? '', optionsFor(streamOf(stream), expected), messages, true))
      }
      call.end()
      await ended
      const byCorrelation = new Map(answers.map((answer) => [answer.getCorrelationId()?.getString(), answerOf(answer)]))
      expect(answers).toHaveLength(commands.length)
      expect(correlations.map((id) => byCorrelation.get(id))).toEqual(
        commands.map(({ stream, ids, expected }) => modelAppend(model, streamOf(stream), ids.map(idOf), expected)),
      )
      for (const [stream, ids] of model) {
        if (ids.length === 0) continue
        const stored = await collect(node.client.readStream(stream))
        expect(stored.map(({ event }) => event?.id)).toEqual(ids)
      }
    }),
    { numRuns: 60 },
  )
})

test('$all holds every stream’s events in its order, and both directions agree', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(4), fc.integer({ min: 1, max: 5 })), { maxLength: 20 }),
      async (writes) => {
        const prefix = newStream()
        await Promise.all(
          writes.map(([stream, count]) =>
            node.client.appendToStream(
              `${prefix}-${stream}`,
              Array.from({ length: count }, () => anEvent()),
            ),
          ),
        )
        const newest = { direction: 'backwards', fromPosition: 'end', maxCount: 200 } as const
        const backwards = await collect(node.client.readAll(newest))
        const first = backwards.at(-1)?.event?.position
        const forwards = await collect(node.client.readAll(first === undefined ? {} : { fromPosition: first }))
        expect(forwards.map(({ event }) => event?.id)).toEqual(backwards.map(({ event }) => event?.id).reverse())
        const next = new Map<string, bigint>()
        for (const { event } of forwards) {
          if (!event?.streamId.startsWith(prefix)) continue
          expect(event.revision).toBe(next.get(event.streamId) ?? 0n)
          next.set(event.streamId, event.revision + 1n)
        }
      },
    ),
    { numRuns: 20 },
  )
})

test('any resume position of a filtered subscription neither loses nor repeats', async () => {
  const prefix = newStream()
  for (let n = 0; n < 40; n++) {
    const stream = n % 4 === 0 ? prefix : newStream()
    await node.client.appendToStream(
      stream,
      Array.from({ length: (n % 7) + 1 }, () => anEvent()),
    )
  }
  const all = (await collect(node.client.readAll())).map(({ event }) => event)
  const [low, high] = [all[0]?.position?.commit ?? 0n, all.at(-1)?.position?.commit ?? 0n]
  await fc.assert(
    fc.asyncProperty(fc.bigInt({ min: low, max: high + 3n }), fc.integer({ min: 1, max: 9 }), async (from, window) => {
      const seen: (bigint | undefined)[] = []
      let done = false
      const subscription = node.client.subscribeToAll({
        fromPosition: { commit: from, prepare: from },
        filter: streamNameFilter({ prefixes: [prefix], maxSearchWindow: window }),
      })
      subscription.on('data', ({ event }) => seen.push(event?.position?.commit))
      subscription.on('caughtUp', () => {
        done = true
      })
      await until(() => done)
      await subscription.unsubscribe()
      const expected = all.filter((event) => event?.streamId === prefix && (event.position?.commit ?? 0n) > from)
      expect(seen).toEqual(expected.map((event) => event?.position?.commit))
    }),
    { numRuns: 40 },
  )
})
