import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { loadConfig } from '../../src/config.ts'
import { close, listen, portOf } from '../../src/host/http-server.ts'
import { documentOf } from '../../src/http/app.ts'
import { sourcesIn } from '../rules/sources.ts'
import { argsOf, environmentOf, instructionsOf, parseDockerfile, type Stage } from './dockerfile.ts'
import { commands, imageStage, isUnpinned, stages, variables } from './project.ts'

const manifest = z
  .object({
    version: z.string(),
    scripts: z.object({ build: z.string() }),
    bin: z.object({ ledgerline: z.string() }),
    dependencies: z.record(z.string(), z.string()),
  })
  .parse(JSON.parse(readFileSync('package.json', 'utf8')))
const paths = Object.keys(z.object({ paths: z.record(z.string(), z.unknown()) }).parse(documentOf([])).paths)

/** Paths that .dockerignore, a list of what is let in, lets into the build. */
const letIn = readFileSync('.dockerignore', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('!'))
  .map((line) => line.slice(1))

const wrongCopies = (all: readonly Stage[]): string[] =>
  all.flatMap((stage) =>
    instructionsOf(stage, 'COPY').flatMap(({ flags, args }) => {
      const { from } = flags
      if (from !== undefined) return all.some(({ alias }) => alias === from) ? [] : [`no stage ${from}`]
      return args.slice(0, -1).filter((path) => !existsSync(path) || !letIn.includes(path))
    }),
  )

/** Why the process would be root's. */
const rootsReason = (stage: Stage): string | null => {
  const order = stage.instructions.map(({ name }) => name)
  const [user = ''] = argsOf(stage, 'USER')
  if (!/^[1-9]\d*(:[1-9]\d*)?$/.test(user)) return `USER is '${user}', not a number above 0`
  return order.lastIndexOf('USER') < order.indexOf('CMD') ? null : 'USER comes after CMD'
}

const packagesIn = (texts: readonly string[]): string[] => {
  const imported = texts.flatMap((text) => [
    ...text.matchAll(/^(?:import |(?:import|export|\}).* from )'([^'.\n][^'\n]*)'$/gm),
  ])
  const names = imported.map(([, name = '']) => name).filter((name) => !name.startsWith('node:'))
  return [...new Set(names.map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/')))]
}

const exitCodeOf = async (command: readonly string[], env: Record<string, string>): Promise<unknown> => {
  const [file = '', ...args] = command
  const child = spawn(file === 'node' ? process.execPath : file, args, { env, stdio: 'ignore' })
  return (await once(child, 'exit'))[0]
}

describe('the image', () => {
  test('is built from one version of Node, the oldest line that is supported', () => {
    const images = [...new Set(stages.map(({ image }) => image))]
    expect(images).toEqual([expect.stringMatching(/^node:20\.\d+\.\d+-bookworm-slim$/)])
    expect(images.filter(isUnpinned)).toEqual([])
  })

  test('copies what is there and is let into the build', () => {
    expect(wrongCopies(stages)).toEqual([])
    const wrong = 'FROM a AS b\nCOPY nothing test package.json ./\nFROM a\nCOPY --from=c x y\nCOPY --from=b x y'
    expect(wrongCopies(parseDockerfile(wrong))).toEqual(['nothing', 'test', 'no stage c'])
    expect(letIn.filter((path) => !existsSync(path))).toEqual([])
  })

  test('has all that its build names', () => {
    const copied = stages.flatMap((stage) => instructionsOf(stage, 'COPY').flatMap(({ args }) => args.slice(0, -1)))
    const named = [...manifest.scripts.build.matchAll(/[\w./-]+\.(?:json|mjs)\b/g)].map(([path]) => path)
    expect(named).toEqual(['tsconfig.build.json', 'scripts/bundle-verifier.mjs'])
    expect(named.filter((path) => !copied.some((each) => path === each || path.startsWith(`${each}/`)))).toEqual([])
  })

  test('is not run by root', () => {
    expect(rootsReason(imageStage)).toBeNull()
    const stageOf = (text: string) => parseDockerfile(`FROM a\n${text}`)[0] ?? imageStage
    expect(rootsReason(stageOf('CMD ["x"]'))).toContain("USER is ''")
    expect(rootsReason(stageOf('USER 0:0\nCMD ["x"]'))).toContain("'0:0'")
    expect(rootsReason(stageOf('USER node\nCMD ["x"]'))).toContain("'node'")
    expect(rootsReason(stageOf('CMD ["x"]\nUSER 5'))).toBe('USER comes after CMD')
  })

  test('runs a command of ours, without a shell that would keep SIGTERM to itself', () => {
    const [entry] = instructionsOf(imageStage, 'ENTRYPOINT')
    const [command] = instructionsOf(imageStage, 'CMD')
    expect([entry?.args, entry?.isExec]).toEqual([['node', manifest.bin.ledgerline], true])
    expect([commands.includes(command?.args[0] ?? ''), command?.isExec]).toEqual([true, true])
    expect(commands.includes('severe')).toBe(false)
    expect(argsOf(imageStage, 'STOPSIGNAL')).toEqual(['SIGTERM'])
  })

  test('is configured by variables that are known, asks for authentication and listens where it says', () => {
    const environment = environmentOf(imageStage)
    expect(Object.keys(environment).filter((name) => !variables.includes(name))).toEqual([])
    expect(variables).toEqual(expect.arrayContaining(['HOST', 'DATA_DIR', 'JWT_SECRET']))
    const config = loadConfig(environment)
    expect(config).toMatchObject({ host: '0.0.0.0', dataDir: '/data', auth: { mode: 'required' } })
    expect(argsOf(imageStage, 'EXPOSE')).toEqual([String(config.port)])
    expect(argsOf(imageStage, 'VOLUME')).toEqual([config.dataDir])
  })

  test('holds every package that the service imports', () => {
    const missing = (names: readonly string[]) => names.filter((name) => !(name in manifest.dependencies))
    const imported = packagesIn(sourcesIn('src', 'projections').map(({ text }) => text))
    expect(imported).toEqual(expect.arrayContaining(['hono', '@duckdb/node-api']))
    expect(missing(imported)).toEqual([])
    const text =
      "import a from 'node:fs'\nimport b from 'fast-check/lib/x.js'\nimport {\n  c,\n} from '@hono/zod/d'\nimport e from './e.ts'"
    expect(missing(packagesIn([text]))).toEqual(['fast-check', '@hono/zod'])
  })
})

describe('the health check', () => {
  const command = argsOf(imageStage, 'HEALTHCHECK')
  const [path = ''] = /\/[a-z]+(?=')/.exec(command.join(' ')) ?? []

  test('asks a route of ours', () => {
    expect(paths).toContain(path)
    expect(paths).not.toContain('/healthy')
  })

  test.each([
    [200, 0],
    [503, 1],
  ])('a service that answers %i ends it with %i', async (status, code) => {
    const asked: unknown[] = []
    const server = await listen('127.0.0.1', 0, (request, response) => {
      asked.push(request.url)
      response.writeHead(status).end()
    })
    expect(await exitCodeOf(command, { PORT: String(portOf(server)) })).toBe(code)
    expect(asked).toEqual([path])
    await close(server, 0)
  })

  test('a service that is not there ends it with 1', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const port = String(portOf(server))
    await close(server, 0)
    expect(await exitCodeOf(command, { PORT: port })).toBe(1)
  })
})

describe('the parser', () => {
  test('reads flags, both forms, comments and lines that go on', () => {
    const [stage] = parseDockerfile('# a\nFROM a:1 AS b\nCOPY --from=c --chown=1:1 d \\\n  # e\n  f\ncmd ["g", "h i"]')
    expect(stage).toEqual({
      image: 'a:1',
      alias: 'b',
      instructions: [
        { name: 'COPY', flags: { from: 'c', chown: '1:1' }, args: ['d', 'f'], isExec: false },
        { name: 'CMD', flags: {}, args: ['g', 'h i'], isExec: true },
      ],
    })
  })

  test.each(['FORM a', 'RUN a\nFROM b', 'FROM a\nCMD ["b"'])('refuses %j', (text) => {
    expect(() => parseDockerfile(text)).toThrow()
  })
})
