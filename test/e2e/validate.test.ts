import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Service, startService, temporaryDir } from './service.ts'

const good = 'pipelines/weather-monthly.yaml'

const validate = async (...args: string[]) => {
  const command = new Service(['validate', ...args], {})
  return { exitCode: await command.exited(), stdout: command.stdout, stderr: command.stderr }
}

const wrongFile = async (): Promise<string> => {
  const file = join(await temporaryDir('validate'), 'wrong.yaml')
  const steps =
    'transformations: [{ name: a, type: sql, sql: "select * from b" }, { name: b, type: sql, sql: "selec" }]'
  await writeFile(file, `name: wrong\nversion: 1.0.0\n${steps}\n`)
  return file
}

test('a manifest that is right prints nothing; a wrong one a line for each finding', async () => {
  expect(await validate(good)).toEqual({ exitCode: 0, stdout: '', stderr: '' })
  const file = await wrongFile()
  const { exitCode, stdout } = await validate(good, file)
  const lines = stdout.trimEnd().split('\n')
  expect([exitCode, lines]).toEqual([
    1,
    [
      `${file}:transformations[0].sql error cycle 'a' reads 'b', which comes after it`,
      expect.stringContaining(`${file}:transformations[1].sql error sql-syntax Parser Error: syntax error`),
    ],
  ])
  const json = await validate('--json', file)
  expect([json.exitCode, JSON.parse(json.stdout)]).toMatchObject([1, [{ file, valid: false, findings: [{}, {}] }]])
  const sarif = JSON.parse((await validate('--sarif', file)).stdout)
  expect(sarif.runs[0].results).toMatchObject([{ ruleId: 'cycle' }, { ruleId: 'sql-syntax' }])
})

test('what cannot be checked is not taken for right', async () => {
  const nothing = 'nothing.yaml'
  for (const [args, said] of [
    [[], 'which manifest?'],
    [['--json', '--sarif', good], '--json or --sarif, not both'],
    [['--jsno', good], "Unknown option '--jsno'"],
    [['--token', 'x', good], '--token is for a service'],
    [[nothing], `${nothing}: cannot be read: `],
    [['--url', 'http://127.0.0.1:1', good], 'no service answers at http://127.0.0.1:1'],
  ] as const) {
    const { exitCode, stdout, stderr } = await validate(...args)
    expect([exitCode, stdout, stderr]).toEqual([2, '', expect.stringContaining(said)])
  }
})

test('with a service, its contracts count too', async () => {
  const service = await startService({ DATA_DIR: await temporaryDir('validate'), LOG_LEVEL: 'warn' })
  try {
    const flights = join(await temporaryDir('validate'), 'flights-daily.yaml')
    const sample = await readFile('pipelines/flights-daily.yaml', 'utf8')
    await writeFile(flights, `${sample}contract: { sink: routes, ref: routes@v1 }\n`)
    expect((await validate(flights)).exitCode).toBe(0)
    const message = "there is no version v1 of a contract 'routes'"
    expect(await validate('--url', service.url, flights)).toMatchObject({
      exitCode: 1,
      stdout: `${flights}:contract.ref error contract ${message}\n`,
    })
    const schema = { type: 'object', properties: { origin: { type: 'string' } }, required: ['origin'] }
    const registered = await fetch(`${service.url}/pipelines/contracts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'routes', version: 'v1', schema }),
    })
    expect(registered.status).toBe(201)
    expect(await validate('--url', service.url, flights)).toEqual({ exitCode: 0, stdout: '', stderr: '' })
  } finally {
    await service.stop()
  }
}, 60_000)
