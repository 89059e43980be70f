import { describe, expect, test } from 'vitest'
import { runs } from '../../src/app/aggregates.ts'
import { CommandHandler } from '../../src/app/handle.ts'
import { uuidv5 } from '../../src/app/ids.ts'
import { contextOf } from '../support/contexts.ts'
import { codeOf } from '../support/failure.ts'
import { fastForward } from '../support/fast-forward.ts'
import { InMemoryLedger } from '../support/in-memory-ledger.ts'
import { cancelRun, pauseRun, requestRun, resumeRun } from '../support/run-commands.ts'
import { atTime, runId } from '../support/run-events.ts'

const setUp = () => {
  const ledger = new InMemoryLedger()
  const commands = new CommandHandler(ledger)
  const say = (command: Parameters<typeof runs.decider.decide>[0], context = contextOf()) =>
    commands.handle(runs, runId, command, context)
  return { ledger, commands, say }
}
const stream = `run-acme.${runId}`
const typesIn = (ledger: InMemoryLedger) => ledger.stream(stream).map(({ type }) => type)

describe('a command', () => {
  test('on a new stream expects that there is none', async () => {
    const { ledger, say } = setUp()
    const { state, events, position } = await say(requestRun())
    expect(ledger.appends.map(({ expected }) => expected)).toEqual([-1n])
    expect(state.status).toBe('queued')
    expect(events.map(({ type, revision }) => [type, revision])).toEqual([
      ['RunRequested', 0n],
      ['RunQueued', 1n],
    ])
    expect(position).toBe(await ledger.head())
  })

  test('expects the revision that was folded', async () => {
    const { ledger, say } = setUp()
    await say(requestRun())
    await say(pauseRun)
    await say(resumeRun)
    expect(ledger.appends.map(({ expected }) => expected)).toEqual([-1n, 1n, 2n])
  })

  test('names its events after itself, and gives each its own salt of 32 bytes', async () => {
    const { say } = setUp()
    const context = contextOf()
    const { events } = await say(requestRun(), context)
    expect(events.map(({ id }) => id)).toEqual([uuidv5(context.commandId, 0), uuidv5(context.commandId, 1)])
    const salts = events.map(({ metadata }) => metadata.salt)
    expect(new Set(salts).size).toBe(2)
    for (const salt of salts) expect(Buffer.from(salt, 'base64')).toHaveLength(32)
  })

  test('writes down who asked for what, when, on what ground', async () => {
    const { ledger, say } = setUp()
    const { commandId } =
      (await say(requestRun(), contextOf({ at: atTime(7), reason: 'because' }))).events[0]?.metadata ?? {}
    for (const { metadata } of ledger.stream(stream)) {
      expect(metadata).toMatchObject({
        tenant: 'acme',
        actor: { pseudonym: 'alice' },
        command: 'RequestRun',
        commandId,
        occurredAt: atTime(7),
        reason: 'because',
        policy: { id: 'test', version: '1' },
        bodyHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      })
    }
  })
})

describe('an append whose outcome is unknown is repeated with the same bytes', () => {
  test.each([
    ['when only the acknowledgement was lost', ['after']],
    ['when it was never stored', ['before']],
    ['when both befall it', ['before', 'after']],
    ['when the acknowledgement is lost again and again', ['after', 'after', 'after']],
  ] as const)('%s', async (_, faults) => {
    const { ledger, say } = setUp()
    ledger.faults = [...faults]
    const { events } = await fastForward(() => say(requestRun()))
    expect(ledger.appends).toHaveLength(faults.length + 1)
    for (const append of ledger.appends) expect(append).toEqual(ledger.appends[0])
    expect(events.map(({ id, revision, metadata }) => ({ id, revision, metadata }))).toEqual(
      ledger.stream(stream).map(({ id, revision, metadata }) => ({ id, revision, metadata })),
    )
    expect(typesIn(ledger)).toEqual(['RunRequested', 'RunQueued'])
  })

  test('and stays one write when somebody else has written after it', async () => {
    const { ledger, say } = setUp()
    await say(requestRun())
    const other = new CommandHandler(ledger)
    ledger.faults = ['after', { meanwhile: () => other.handle(runs, runId, resumeRun, contextOf()) }]
    const { events } = await say(pauseRun)
    expect(events.map(({ type, revision }) => [type, revision])).toEqual([['RunPaused', 2n]])
    expect(typesIn(ledger)).toEqual(['RunRequested', 'RunQueued', 'RunPaused', 'RunResumed', 'RunQueued'])
  })
})

describe('a ledger that does not answer', () => {
  test('is asked four times, then the command is refused as unavailable', async () => {
    const { ledger, say } = setUp()
    ledger.faults = ['before', 'before', 'before', 'before']
    expect(await fastForward(() => codeOf(say(requestRun())))).toBe('LEDGER_UNAVAILABLE')
    expect(ledger.appends).toHaveLength(4)
    expect(ledger.all).toEqual([])
  })

  test('leaves nothing wrong behind when the command has not happened', async () => {
    const { ledger, say } = setUp()
    await say(requestRun())
    ledger.faults = ['before', 'before', 'before', 'before']
    expect(await fastForward(() => codeOf(say(cancelRun)))).toBe('LEDGER_UNAVAILABLE')
    expect((await say(pauseRun)).state.status).toBe('paused')
  })

  test('leaves nothing wrong behind when the command has happened after all', async () => {
    const { ledger, say } = setUp()
    await say(requestRun())
    ledger.faults = ['after', 'after', 'after', 'after']
    expect(await fastForward(() => codeOf(say(cancelRun)))).toBe('LEDGER_UNAVAILABLE')
    expect(await codeOf(say(pauseRun))).toBe('RUN_NOT_ACTIVE')
  })

  test('and had stored the command gives its events to whoever asks again', async () => {
    const { ledger, say } = setUp()
    const context = contextOf()
    ledger.faults = ['after', 'after', 'after', 'after']
    await fastForward(() => codeOf(say(requestRun(), context)))
    const { events } = await say(requestRun(), context)
    expect(events).toEqual(ledger.stream(stream))
    expect(typesIn(ledger)).toEqual(['RunRequested', 'RunQueued'])
  })

  test('fails reads alike, and is itself again when it is back', async () => {
    const { ledger, commands, say } = setUp()
    ledger.isDown = true
    expect(await codeOf(say(cancelRun))).toBe('LEDGER_UNAVAILABLE')
    expect(await codeOf(commands.load(runs, contextOf().tenant, runId))).toBe('LEDGER_UNAVAILABLE')
    ledger.isDown = false
    expect((await say(requestRun())).state.status).toBe('queued')
  })
})
