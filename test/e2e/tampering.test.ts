import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { subjectBundle } from '../../src/evidence/bundle.ts'
import { LogReader } from '../../src/evidence/log/reader.ts'
import { inclusionProof } from '../../src/evidence/merkle.ts'
import { noteSigner, parseNote } from '../../src/evidence/note.ts'
import { parseCheckpoint } from '../../src/evidence/verifier/checkpoint.ts'
import type { Stored } from '../../src/ledger/stored.ts'
import { untilSo } from '../crash/stack.ts'
import { BatchClient } from './batch-client.ts'
import { editEvent, storedEvents } from './edited-ledger.ts'
import { drillPipelines, Service, startNode, startService, temporaryDir } from './service.ts'

const alarm = /"level":"error","message":"the ledger differs from what was sealed[^\n]*/
const audited = /the ledger was compared with the trees/

const served = async (env: Record<string, string>) => {
  const service = await startService(env)
  onTestFinished(() => service.killGroup())
  return service
}

const facts = async (dataDir: string): Promise<Stored[]> => {
  const node = await startNode(join(dataDir, 'ledger'))
  try {
    return await storedEvents(node.url)
  } finally {
    await node.stop()
  }
}

const checkpointsOf = (events: readonly Stored[]) =>
  events.filter(({ stream }) => stream === 'checkpoint-default.commands').map(({ data }) => String(Object(data).note))
const sizeOf = (note = '') => parseCheckpoint(parseNote(note).text).size

/** A bundle of a run, made from the old tiles and from what the ledger holds now. */
const bundleOf = async (dataDir: string, runId: string, events: readonly Stored[]): Promise<[string, string]> => {
  const reader = new LogReader(join(dataDir, 'evidence.db'))
  const checkpoint = checkpointsOf(events).at(-1) ?? ''
  const { origin, size } = parseCheckpoint(parseNote(checkpoint).text)
  const signer = noteSigner(origin, Buffer.from(await readFile(join(dataDir, 'keys/log.key'), 'utf8'), 'base64'))
  const logId = reader.head('default', 'commands')?.id ?? 0
  const bundle = subjectBundle({
    subject: { kind: 'run', id: runId },
    events: events
      .filter(({ stream }) => stream === `run-default.${runId}`)
      .map((event) => ({ index: reader.leafOf(event.id)?.index ?? -1, event })),
    ...{ checkpoint, signer },
    proofOf: (index) => inclusionProof(index, size, reader.subtrees(logId, size)),
  })
  reader.close()
  const file = join(dataDir, 'bundle.json')
  await writeFile(file, bundle)
  return [file, signer.vkey]
}

const verified = async ([file, vkey]: [string, string]) => {
  const verifier = new Service(['verify', file, '--key', vkey], {})
  return { exitCode: await verifier.exited(), output: verifier.stdout }
}

test('one event edited in the embedded ledger: the service and the verifier both name its leaf', async () => {
  const dataDir = await temporaryDir('tampering')
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }))
  const env = { DATA_DIR: dataDir, PIPELINES_DIR: drillPipelines, AUDIT_EVERY_MS: '300' }
  const service = await served(env)
  const client = new BatchClient(service.url)
  const runs: string[] = []
  for (let day = 0; day < 4; day += 1) {
    runs.push(await client.triggered('drill-days', `day-${day}`))
    await client.finished(runs.at(-1) ?? '')
  }
  await service.says(audited)
  const reader = new LogReader(join(dataDir, 'evidence.db'))
  await untilSo(() => (reader.head('default', 'commands')?.size ?? 0) > 30, 60_000)
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  expect(service.stdout).not.toMatch(alarm)
  await service.stop()

  const runId = (runs[1] ?? '').replace(/^run_/, '')
  const before = await facts(dataDir)
  const intact = await verified(await bundleOf(dataDir, runId, before))
  expect([intact.exitCode, intact.output]).toEqual([0, expect.stringContaining('VERIFIED')])
  const event = before.find(({ stream, type }) => stream === `run-default.${runId}` && type === 'RunRequested')
  const index = reader.leafOf(event?.id ?? '')?.index ?? -1
  reader.close()
  editEvent(dataDir, { id: event?.id ?? '', from: '"partition":"day-1"', to: '"partition":"day-9"' })

  const next = await served(env)
  const [line] = [await next.says(alarm)]
  expect(JSON.parse(`{"${line.slice(1)}`)).toMatchObject({
    from: index,
    to: index,
    event: event?.id,
    stream: event?.stream,
  })
  const sealedTo = sizeOf(checkpointsOf(await stopped(next, dataDir)).at(-1))
  // Reads go on, commands too; sealing does not.
  const again = await served(env)
  await again.says(alarm)
  const after = new BatchClient(again.url)
  expect((await after.finished(await after.triggered('drill-days', 'day-5'))).status).toBe('SUCCESS')
  const now = await stopped(again, dataDir)
  expect(sizeOf(checkpointsOf(now).at(-1))).toBe(sealedTo)
  const alerts = now.filter(({ type }) => type === 'IntegrityAlertRaised')
  expect(alerts.map(({ stream, data }) => [stream, Object(data).from, Object(data).event])).toEqual([
    ['alert-default.commands', index, event?.id],
  ])
  const { exitCode, output } = await verified(await bundleOf(dataDir, runId, now))
  expect([exitCode, output]).toEqual([1, expect.stringContaining(`the inclusion proof of leaf ${index} does not`)])

  // Without the old trees, the chain of checkpoints tells between which of them it is.
  for (const suffix of ['', '-wal', '-shm']) await rm(join(dataDir, `evidence.db${suffix}`), { force: true })
  const rebuilt = await served(env)
  const range = JSON.parse(
    `{"${(await rebuilt.says(/"level":"error"[^\n]*is the last that holds[^\n]*|"level":"error"[^\n]*no checkpoint holds[^\n]*/)).slice(1)}`,
  )
  expect(range.from <= index && index <= range.to).toBe(true)
  const sizes = [0, ...checkpointsOf(now).map(sizeOf)]
  expect([sizes.includes(range.from), sizes.includes(range.to + 1)]).toEqual([true, true])
  expect(sizes.filter((size) => size > range.from && size <= range.to)).toEqual([])
}, 120_000)

const stopped = async (service: Service, dataDir: string): Promise<Stored[]> => {
  // Time for what must not happen, a checkpoint, to happen.
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  expect(await service.stop()).toBe(0)
  return facts(dataDir)
}
