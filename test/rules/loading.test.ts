import { describe, expect, test } from 'vitest'
import { loadedAtOnce } from './loading.ts'
import { sourcesIn } from './sources.ts'

const sources = sourcesIn('src', 'projections')
const loaded = (path: string) => loadedAtOnce(sources, path)

describe('what a process loads before it knows that it needs it', () => {
  test('the command line is nothing but Node, so each command loads its own', () => {
    expect(loaded('src/cli.ts')).toEqual([])
  })

  test('a verifier is nothing but Node', () => {
    expect(loaded('src/evidence/verifier/main.ts')).toEqual([])
  })

  test('a service starts its ledger before it loads what works with it', () => {
    expect(loaded('src/main.ts')).toEqual(['libsql'])
  })

  test.each([
    ['src/compose/service.ts', ['@duckdb/node-api', 'ml-matrix', 'nats']],
    [
      'src/worker.ts',
      ['@cedar-policy/cedar-wasm/nodejs', '@duckdb/node-api', 'hono', 'libsql', 'ml-matrix', 'nats', 'yaml'],
    ],
    ['src/embedded/main.ts', ['@eventstore/db-client', 'hono', 'zod']],
    ['projections/thread.ts', ['@eventstore/db-client', '@grpc/grpc-js', 'zod']],
  ])('%s does without %j', (path, packages) => {
    const all = loaded(path)
    expect(all).not.toEqual([])
    expect(all.filter((name) => packages.includes(name))).toEqual([])
  })
})

test('what is loaded at once is found through files, without types and without what is loaded later', () => {
  const found = loadedAtOnce(
    [
      { path: 'src/a.ts', text: "import { b } from './b.ts'\nimport type { x } from 'types'\nawait import('later')\n" },
      { path: 'src/b.ts', text: "export * from './c.ts'\nimport { readFile } from 'node:fs'\nimport 'bare'\n" },
      { path: 'src/c.ts', text: "import {\n  type D,\n  d,\n} from 'd/e'\nimport './a.ts'\n" },
    ],
    'src/a.ts',
  )
  expect(found).toEqual(['bare', 'd/e'])
})
