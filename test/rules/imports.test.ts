import { describe, expect, test } from 'vitest'
import { forbiddenImports, importsOf } from './imports.ts'
import { sourcesIn } from './sources.ts'

const sources = sourcesIn('src', 'projections')

test('every file imports only what its room may', () => {
  expect(sources.flatMap(forbiddenImports)).toEqual([])
})

describe('the check', () => {
  test('has read every file, and found its imports', () => {
    expect(sources.length).toBeGreaterThan(120)
    const found = sources.flatMap(importsOf)
    expect(found.length).toBeGreaterThan(400)
    expect(found.filter((imported) => imported.startsWith('.'))).toEqual([])
    const paths = new Set(sources.map(({ path }) => path))
    const own = found.filter((imported) => /^(src|projections)\//.test(imported))
    expect(own.filter((imported) => !paths.has(imported))).toEqual([])
  })

  test('sees an import in any form', () => {
    const text = `
import { a } from '../b.ts'
import type { c } from "./c.ts"
import * as d from 'd'
import e, {
  f,
  type g,
} from 'e/f'
export { h } from './h.ts'
export * from './i.ts'
import 'j'
const k = await import('k')
const l = require('l')
// import nothing here, and "from 'm'" neither
const n = "from 'n'"
`
    expect(importsOf({ path: 'src/app/x.ts', text }).sort()).toEqual(
      ['d', 'e/f', 'j', 'k', 'l', 'src/app/c.ts', 'src/app/h.ts', 'src/app/i.ts', 'src/b.ts'].sort(),
    )
  })

  test.each([
    ['src/domain/run/x.ts', 'node:crypto'],
    ['src/domain/x.ts', 'zod'],
    ['src/domain/x.ts', '../app/ids.ts'],
    ['src/app/x.ts', 'node:fs'],
    ['src/app/x.ts', '../ledger/codec.ts'],
    ['src/app/x.ts', '../../projections/index.ts'],
    ['projections/x.ts', '../src/app/handle.ts'],
    ['projections/x.ts', '../src/http/app.ts'],
    ['projections/x.ts', 'node:fs'],
    ['src/ledger/x.ts', '../app/handle.ts'],
    ['src/ledger/x.ts', '@eventstore/db-client/generated/streams_pb.js'],
    ['src/ledger/x.ts', 'zodiac'],
    ['src/embedded/x.ts', '../domain/ids.ts'],
    ['src/embedded/x.ts', '../app/ports/ledger.ts'],
    ['src/embedded/x.ts', '@eventstore/db-client'],
    ['src/workers/x.ts', '../bus/in-process.ts'],
    ['src/workers/x.ts', '../engines/local/engine.ts'],
    ['src/processes/x.ts', '../http/app.ts'],
    ['src/relay/x.ts', '../bus/in-process.ts'],
    ['src/engines/local/x.ts', '../../app/handle.ts'],
    ['src/engines/local/x.ts', '../../manifests/schema.ts'],
    ['src/manifests/x.ts', '../app/ids.ts'],
    ['src/host/x.ts', '../app/handle.ts'],
    ['src/host/x.ts', '../domain/ids.ts'],
    ['src/auth/x.ts', '../app/handle.ts'],
    ['src/keys/x.ts', '../host/secrets.ts'],
    ['src/http/x.ts', '../ledger/eventstore.ts'],
    ['src/http/dialects/batch/x.ts', '../etl/schemas.ts'],
    ['src/http/dialects/batch/x.ts', '../../../auth/open.ts'],
    ['src/http/dialects/batch/x.ts', 'node:crypto'],
    ['src/config.ts', './main.ts'],
    ['src/new-room/x.ts', 'zod'],
  ])('forbids %s to import %s', (path, specifier) => {
    expect(forbiddenImports({ path, text: `import { x } from '${specifier}'` })).toHaveLength(1)
  })

  test.each([
    ['src/app/x.ts', '../domain/ids.ts'],
    ['src/app/x.ts', 'node:crypto'],
    ['src/ledger/x.ts', '../app/ports/ledger.ts'],
    ['src/http/dialects/batch/x.ts', '../../errors.ts'],
    ['src/http/dialects/batch/x.ts', './schemas.ts'],
    ['src/http/x.ts', './dialects/batch/routes.ts'],
    ['src/http/x.ts', 'hono/utils/http-status'],
    ['src/main.ts', './ledger/eventstore.ts'],
  ])('lets %s import %s', (path, specifier) => {
    expect(forbiddenImports({ path, text: `import { x } from '${specifier}'` })).toEqual([])
  })
})
