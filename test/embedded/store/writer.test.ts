import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Store } from '../../../src/embedded/store/store.ts'
import { append, openTestStore, proposed } from '../memory-store.ts'
import { pause } from '../support.ts'

let store: Store
beforeEach(async () => {
  store = await openTestStore()
})
afterEach(() => store.close())

test('appends that come together are committed together, and each is decided in turn', async () => {
  const commits: number[] = []
  const cancel = store.feed.onCommit(() => commits.push(store.feed.position))
  const first = proposed()
  const outcomes = await Promise.all([
    append(store, 's', [first], 'no_stream'),
    append(store, 's', [proposed()], 'no_stream'),
    append(store, 's', [proposed(), proposed()], 0n),
    append(store, 's', [first], 'no_stream'),
  ])
  expect(outcomes).toEqual([
    { kind: 'done', revision: 0, position: 2 },
    { kind: 'wrong-expected', last: 0 },
    { kind: 'done', revision: 2, position: 4 },
    { kind: 'done', revision: 0, position: 2 },
  ])
  expect(commits).toEqual([4])
  cancel()
})

test('an append past its deadline is answered with a timeout and not written', async () => {
  expect(await append(store, 's', [proposed()], 'any', Date.now() - 1)).toEqual({ kind: 'timeout' })
  expect(store.streams.head('s')).toBeUndefined()
})

test('a transaction that throws fails its callers, and nothing of it is remembered', async () => {
  const unwritable = { ...proposed(), data: new Uint8Array(0), type: undefined }
  const outcomes = await Promise.all([
    append(store, 'good', [proposed()]),
    append(store, 'bad', [Object.assign(proposed(), unwritable)]),
  ])
  expect(outcomes.map(({ kind }) => kind)).toEqual(['failed', 'failed'])
  expect(store.feed.position).toBe(1)
  expect(store.streams.head('good')).toBeUndefined()
  expect(await append(store, 'good', [proposed()], 'no_stream')).toEqual({ kind: 'done', revision: 0, position: 2 })
})

test('more appends than fit one commit are all written, in order', async () => {
  const outcomes = await Promise.all(Array.from({ length: 1500 }, () => append(store, 's', [proposed()])))
  expect(outcomes.map((outcome) => (outcome.kind === 'done' ? outcome.revision : -1))).toEqual([...Array(1500).keys()])
})

test('a closed writer has written what was queued and takes nothing more', async () => {
  const queued = append(store, 's', [proposed()])
  store.writer.close()
  expect(await queued).toMatchObject({ kind: 'done' })
  expect(await append(store, 's', [proposed()])).toEqual({ kind: 'closed' })
})

test('the feed hands out what its tail holds, and says when it does not reach back', async () => {
  const from = store.feed.position
  for (let n = 0; n < 3; n++)
    await append(
      store,
      's',
      Array.from({ length: 1000 }, () => proposed()),
    )
  expect(store.feed.after(from)).toBeUndefined()
  expect(store.feed.after(store.feed.position)).toEqual([])
  const tail = store.feed.after(store.feed.position - 5)
  expect(tail?.map(({ position }) => position)).toEqual([2997, 2998, 2999, 3000, 3001])
})

test('waiting for a stream is over at its next commit, not at another’s', async () => {
  let woken = 0
  store.feed.onStreamCommit('s', () => woken++)
  await append(store, 'other', [proposed()])
  await pause(5)
  expect(woken).toBe(0)
  await append(store, 's', [proposed()])
  await append(store, 's', [proposed()])
  expect(woken).toBe(1)
})

test('only one store may use a directory', async () => {
  const other = await openTestStore()
  expect(other.feed.position).toBe(1)
  other.close()
})
