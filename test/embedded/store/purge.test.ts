import { expect, test } from 'vitest'
import { Events } from '../../../src/embedded/store/events.ts'
import { Purge } from '../../../src/embedded/store/purge.ts'
import { connect } from '../../../src/embedded/store/sql.ts'
import { append, openTestStore, proposed } from '../memory-store.ts'
import { newDirectory } from '../support.ts'

const hourMs = 3_600_000
const graceMs = 10 * 60_000

/** A store with events in `log` and `kept`, and a purge on a connection of its own. */
const prepared = async (metadata: string) => {
  const directory = newDirectory()
  const store = await openTestStore(directory)
  for (const stream of ['log', 'kept'])
    await append(
      store,
      stream,
      Array.from({ length: 600 }, () => proposed()),
    )
  await append(store, '$$log', [proposed(metadata, '$metadata')])
  const connection = connect(`${directory}/ledger.db`)
  const purge = new Purge(connection, new Events(connection), store.streams)
  const revisions = (stream: string) =>
    store.events.ofStream(store.streams.head(stream)?.stream ?? 0, 0, 10_000, 10_000).map(({ revision }) => revision)
  return { store, purge, revisions }
}

test('expired records go, a few at a time; the newest stays, and other streams are left alone', async () => {
  const { store, purge, revisions } = await prepared('{"$maxAge":60}')
  purge.slice(Date.now())
  expect(revisions('log')).toHaveLength(600)
  purge.slice(Date.now() + hourMs)
  expect(revisions('log')).toHaveLength(600 - 256)
  for (let n = 0; n < 5; n++) purge.slice(Date.now() + hourMs)
  expect(revisions('log')).toEqual([599])
  expect(revisions('kept')).toHaveLength(600)
  expect(await append(store, 'log', [proposed()], 599n)).toMatchObject({ kind: 'done', revision: 600 })
  store.close()
})

test('only what has expired ten minutes ago goes', async () => {
  const { store, purge, revisions } = await prepared('{"$maxAge":1}')
  await new Promise((next) => setTimeout(next, 1100))
  const created = Date.now()
  await append(store, 'log', [proposed(), proposed()])
  purge.slice(Date.now())
  expect(revisions('log')).toHaveLength(602)
  const between = created + graceMs + 500
  for (let n = 0; n < 5; n++) purge.slice(between)
  expect(revisions('log')).toEqual([600, 601])
  store.close()
})

test.each(['{"$maxCount":1}', '{"$maxAge":60,"$tb":"x"}', '{'])('%s purges nothing', async (metadata) => {
  const { store, purge, revisions } = await prepared(metadata)
  purge.slice(Date.now() + hourMs)
  expect(revisions('log')).toHaveLength(600)
  store.close()
})

test('a stream whose $maxAge was taken back is no longer purged', async () => {
  const { store, purge, revisions } = await prepared('{"$maxAge":60}')
  await append(store, '$$log', [proposed('{}', '$metadata')])
  purge.slice(Date.now() + hourMs)
  expect(revisions('log')).toHaveLength(600)
  store.close()
})
